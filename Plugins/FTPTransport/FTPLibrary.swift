internal import ConnectorKit
package import PluginABI

/// What the connector's file holds.
package enum FTPLibrary {
    package static func table(_ host: UnsafePointer<ch_host>?) -> UnsafePointer<ch_library> { TransportLibrary.export(FTPConnector.self, host: host) }
}
