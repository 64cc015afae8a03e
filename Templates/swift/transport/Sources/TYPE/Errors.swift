import ConnectorKit
import Glibc

/// One place that turns the server's errors into statuses, which say who must act. `.transient`, `.timeout`, `.rateLimit` and `.noSpace` are tried again.
func failure(_ number: Int32, _ path: String) -> ConnectorError {
    let status: ConnectorError.Status =
        switch number {
        case ENOENT: .notFound
        case EEXIST: .exists
        case ENOTEMPTY: .notEmpty
        case EACCES, EPERM, EROFS, ELOOP, ENOTDIR: .permission
        case ENOSPC, EDQUOT: .noSpace
        case EIO, EMFILE, ENFILE, EAGAIN, EINTR, ENOMEM: .transient
        case EISDIR, ENAMETOOLONG, EINVAL, ENXIO: .configuration
        default: .internal
        }
    return ConnectorError(status, "\"\(path)\" cannot be used: \(String(cString: strerror(number))).")
}

/// The result of a system call, or its error.
@discardableResult
func checked(_ result: Int32, _ path: String) throws(ConnectorError) -> Int32 {
    guard result >= 0 else { throw failure(errno, path) }
    return result
}
