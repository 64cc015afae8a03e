/// One line of a listing as the server wrote it; nothing about it is trusted yet.
struct ListedFile: Equatable {
    enum Kind: Equatable { case file, directory, link, other }

    var name: [UInt8]
    var kind: Kind
    var size: Int64?
    /// Nanoseconds since 1970 UTC.
    var modified: Int64?
    var unixMode: UInt32 = 0
}
