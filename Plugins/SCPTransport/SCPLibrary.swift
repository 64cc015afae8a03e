internal import ConnectorKit
package import PluginABI

/// What the connector's file holds.
package enum SCPLibrary {
    package static func table(_ host: UnsafePointer<ch_host>?) -> UnsafePointer<ch_library> { TransportLibrary.export(SCPConnector.self, host: host) }
}
