internal import FTPTransport
public import PluginABI

/// The entry of the library, and the only symbol it exports. It stands in a module of its own so that tests can hold several connectors.
@c @implementation
public func connecthost_library_v1(_ host: UnsafePointer<ch_host>!) -> UnsafePointer<ch_library>! { FTPLibrary.table(host) }
