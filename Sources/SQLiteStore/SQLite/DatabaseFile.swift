import ConnectModel
import Foundation
import GRDBSQLite
import Synchronization

/// The main file of an open connection, read past SQLite through SQLite's own handle.
///
/// Through its handle, because a second descriptor of ours would drop every lock this process has on the file when it is closed
/// (fcntl locks belong to the process; "How To Corrupt An SQLite Database File" §2.2). `read` may be called from any thread.
final class DatabaseFile {
    private let connection: SQLiteConnection
    private let file: UnsafeMutablePointer<sqlite3_file>
    let path: String
    let pages: UInt32
    /// SQLite promises nothing about two reads of one handle at a time.
    private let turn = Mutex(())

    init(_ connection: SQLiteConnection) throws {
        self.connection = connection
        path = connection.path
        var pointer: UnsafeMutablePointer<sqlite3_file>?
        try connection.check(sqlite3_file_control(connection.handle, "main", SQLITE_FCNTL_FILE_POINTER, &pointer))
        guard let pointer, let methods = pointer.pointee.pMethods, let size = methods.pointee.xFileSize else {
            throw AudienceStoreError.corrupt(connection.path, "it has no file")
        }
        file = pointer
        var bytes: Int64 = 0
        try connection.check(size(pointer, &bytes))
        pages = UInt32(clamping: bytes / Int64(PageFile.pageSize))
    }

    func read(page: UInt32, into target: UnsafeMutableRawPointer) throws {
        guard page >= 1, page <= pages, let read = file.pointee.pMethods?.pointee.xRead else {
            throw AudienceStoreError.corrupt(path, "page \(page) does not exist")
        }
        let code = turn.withLock { _ in read(file, target, Int32(PageFile.pageSize), Int64(page - 1) * Int64(PageFile.pageSize)) }
        guard code == SQLITE_OK else { throw AudienceStoreError.sqlite(code: code, message: String(cString: sqlite3_errstr(code)), path: path) }
    }

    /// True when the main file holds everything: nothing waits in the log beside it.
    var isWhole: Bool {
        var status = stat()
        return stat(path + "-wal", &status) != 0 || status.st_size == 0
    }
}
