internal import ConnectorKit
package import PluginABI

/// What the connector's file holds.
package enum SCPLibrary {
    package static var table: UnsafePointer<ch_library> { TransportLibrary.export(SCPConnector.self) }
}
