import ConnectModel
import Foundation
import GRDBSQLite

/// Every sentence of the audience store.
enum AudienceStoreError {
    static func sqlite(code: Int32, message: String, path: String) -> ConnectError {
        switch code & 0xff {
        case SQLITE_FULL: diskFull(path)
        case SQLITE_BUSY, SQLITE_LOCKED:
            ConnectError(
                "store.busy", .transient, "The audience file \(path) is held by another process.",
                remedy: "Wait until the other load has ended, or stop it, and try again.")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            corrupt(path, message)
        case SQLITE_CANTOPEN:
            ConnectError(
                "store.unreadable", .configuration, "The audience file \(path) cannot be opened: \(message).",
                remedy: "Check that it exists and that it and its directory may be read and written.")
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
            ConnectError(
                "store.readonly", .configuration, "The audience file \(path) may not be changed: \(message).",
                remedy: "Check the owner and mode of the file and its directory.")
        case SQLITE_IOERR:
            ConnectError(
                "store.io", .transient, "The audience file \(path) could not be read or written: \(message).",
                remedy: "Check the disk; the load changed nothing and can be repeated.")
        case SQLITE_NOMEM:
            ConnectError("store.memory", .transient, "There was not enough memory to use \(path).", remedy: "Free some memory and try again.")
        default:
            ConnectError("store.failed", .internal, "The audience file \(path) answered: \(message).")
        }
    }

    /// A failed call of the operating system.
    static func system(_ number: Int32, _ doing: String, _ path: String) -> ConnectError {
        if number == ENOSPC || number == EDQUOT { return diskFull(path) }
        return ConnectError(
            "store.io", .transient, "\(path) could not be \(doing): \(String(cString: strerror(number))).",
            remedy: "Check the disk and the rights on it; the load changed nothing and can be repeated.")
    }

    static func diskFull(_ path: String) -> ConnectError {
        ConnectError(
            "disk.full", .transient, "There is no space left to write \(path).",
            remedy: "Free some space (a large load needs about twice the size of its list) and try again; nothing was changed.")
    }

    static func corrupt(_ path: String, _ what: String) -> ConnectError {
        ConnectError("store.corrupt", .internal, "The audience file \(path) is damaged: \(what).", remedy: "Restore it from a backup.")
    }

    static func newer(_ path: String, version: Int64) -> ConnectError {
        ConnectError(
            "store.newer", .configuration, "The audience file \(path) has layout \(version), made by a newer ConnectHost.",
            remedy: "Use that version, or a backup from before it.")
    }

    static func cancelled() -> ConnectError { ConnectError("load.cancelled", .cancelled, "The load was stopped; nothing was changed.") }

    static func listExists(_ name: String) -> ConnectError {
        ConnectError(
            "list.exists", .configuration, "There is a list \"\(name)\" already.",
            remedy: "Choose another name, or drop it with `connecthost lists drop \"\(name)\"`.")
    }

    static func listMissing(_ name: String, _ others: [String]) -> ConnectError {
        let known = others.isEmpty ? "There are no lists yet." : "There are: \(others.joined(separator: ", "))."
        return ConnectError(
            "list.missing", .configuration, "There is no list \"\(name)\". \(known)", remedy: "`connecthost lists create` makes one.")
    }

    static func listName(_ name: String) -> ConnectError {
        ConnectError(
            "list.name", .configuration, "\"\(name)\" cannot be the name of a list.",
            remedy: "Use 1 to 100 of A-Z a-z 0-9 _ blank ! - = @ [ ] { }, with no blank at either end.")
    }

    static func fieldName(_ name: String) -> ConnectError {
        ConnectError(
            "field.name", .configuration, "\"\(name)\" cannot be the name of a custom field.",
            remedy: "Use 1 to 100 of A-Z 0-9 _, a letter first, and no _ at the end (that marks system fields).")
    }

    static func fieldTwice(_ name: String, _ list: String) -> ConnectError {
        ConnectError("field.exists", .configuration, "List \"\(list)\" has a field \(name) already.", remedy: "Name each field once.")
    }

    static func fieldMissing(_ name: String, _ list: String) -> ConnectError {
        ConnectError(
            "field.missing", .configuration, "List \"\(list)\" has no field \(name).",
            remedy: "`connecthost lists show \"\(list)\"` shows its fields.")
    }

    static func matchPolicy(_ why: String, _ remedy: String) -> ConnectError {
        ConnectError("merge.match", .configuration, why, remedy: remedy)
    }

    static func query(_ why: String) -> ConnectError {
        ConnectError(
            "query.invalid", .configuration, "The condition cannot be used: \(why).",
            remedy: "Write an SQL expression over the list's fields, for example COUNTRY_ = 'DE' AND CITY_ IS NOT NULL.")
    }

    static func queryTime(_ list: String) -> ConnectError {
        ConnectError("query.time", .configuration, "The query of list \"\(list)\" took too long and was stopped.", remedy: "Narrow the condition.")
    }
}
