internal import ConnectorKit
public import PluginABI

/// The entry of the library, and the only symbol it exports.
@c @implementation
public func connecthost_library_v1(_ host: UnsafePointer<ch_host>!) -> UnsafePointer<ch_library>! {
    TransportLibrary.export(FTPConnector.self)
}
