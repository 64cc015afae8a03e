internal import ConnectorKit
package import PluginABI

/// What the connector's file holds.
package enum FTPLibrary {
    package static var table: UnsafePointer<ch_library> { TransportLibrary.export(FTPConnector.self) }
}
