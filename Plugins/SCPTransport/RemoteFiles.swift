internal import ConnectorKit
internal import SSHTransportCore

/// The verbs that SCP does not have. Relative paths, as a session gets them.
protocol RemoteFiles: AnyObject {
    /// For people: by what names are handled.
    var means: String { get }
    /// The path as the server's scp gets it. Throws `.configuration` for one that would leave the directory.
    func resolve(_ path: String) throws(ConnectorError) -> [UInt8]
    /// Contents too, where they may travel without SCP; nil where they cannot.
    var contents: (any TransportSession)? { get }

    /// nil where the server cannot tell.
    func size(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry?
    /// After an upload: throws `.data` unless the file has `size` bytes; sets the time.
    func complete(_ path: String, size: Int64, modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError)
    /// After a failure, within two seconds; whether it could.
    func discard(_ path: String)

    func stat(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry
    func list(_ directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void) throws(ConnectorError)
    func rename(_ from: String, to: String, replace: Bool, _ call: any CallContext) throws(ConnectorError)
    func remove(_ path: String, _ call: any CallContext) throws(ConnectorError)
    func makeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError)
    func removeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError)
}

func quoted(_ path: String) -> String { "\"" + SFTPClient.printable(Array(path.utf8)) + "\"" }
