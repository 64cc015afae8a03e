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

    static func tableExists(_ name: String, _ kind: TableKind) -> ConnectError {
        ConnectError(
            "table.exists", .configuration, "There is a \(kind.noun) \"\(name)\" already.",
            remedy: "Choose another name; tables of every kind share one set of names.")
    }

    static func tableMissing(_ name: String, _ others: [String]) -> ConnectError {
        let known = others.isEmpty ? "There are no tables yet." : "There are: \(others.joined(separator: ", "))."
        return ConnectError(
            "table.missing", .configuration, "There is no table \"\(name)\". \(known)",
            remedy: "`connecthost lists create`, `pets create`, `tables create` and `apps create` make one.")
    }

    static func tableName(_ name: String) -> ConnectError {
        ConnectError(
            "table.name", .configuration, "\"\(name)\" cannot be the name of a table.",
            remedy: "Use 1 to 100 of A-Z a-z 0-9 _ blank ! - = @ [ ] { }, with no blank at either end.")
    }

    static func ownerKind(_ table: AudienceTable, _ owner: AudienceTable?) -> ConnectError {
        let wanted = table.kind.ownerKind?.noun ?? "nothing"
        let given = owner.map { "\"\($0.name)\" is a \($0.kind.noun)" } ?? "none is named"
        return ConnectError(
            "table.owner", .configuration, "The \(table.kind.noun) \"\(table.name)\" belongs to a \(wanted), and \(given).",
            remedy: "Name the \(wanted) that it is to belong to.")
    }

    static func secondAppList(_ table: AudienceTable, _ first: String) -> ConnectError {
        ConnectError(
            "table.owner", .configuration, "List \"\(table.owner ?? "")\" has an App Channel list already: \"\(first)\".",
            remedy: "A profile list has one; load into that.")
    }

    static func owned(_ name: String, _ others: [String]) -> ConnectError {
        ConnectError(
            "table.owner", .configuration, "To \"\(name)\" belong other tables: \(others.joined(separator: ", ")).", remedy: "Drop those first.")
    }

    static func fixedFields(_ table: AudienceTable) -> ConnectError {
        ConnectError(
            "field.fixed", .configuration, "The fields of an App Channel list are the same everywhere; \"\(table.name)\" cannot have others.",
            remedy: "Put what is known of installs into an extension of it: `connecthost pets create NAME --app LIST`.")
    }

    static func keysOfItsOwn(_ table: AudienceTable) -> ConnectError {
        ConnectError(
            "table.key", .configuration, "A \(table.kind.noun) has no key fields of its own, and \"\(table.name)\" names some.",
            remedy: "Leave them out; they are for supplemental tables.")
    }

    static func keyFields(_ table: AudienceTable) -> ConnectError {
        ConnectError(
            "table.key", .configuration, "The key of \"\(table.name)\" cannot be that.", remedy: "Name up to 8 fields of the table, each once.")
    }

    static func loadMissing(_ name: String, _ table: String, _ others: [String]) -> ConnectError {
        let known = others.isEmpty ? "None is kept" : "Kept are: \(others.joined(separator: ", "))"
        return ConnectError(
            "load.missing", .configuration, "No latest load \"\(name)\" is kept in \"\(table)\". \(known).",
            remedy: "A job keeps its latest load when target.latest_load says so, from its next run on.")
    }

    static func fieldName(_ name: String) -> ConnectError {
        ConnectError(
            "field.name", .configuration, "\"\(name)\" cannot be the name of a custom field.",
            remedy: "Use 1 to 100 of A-Z 0-9 _, a letter or digit first, and no system field's name.")
    }

    static func fieldTwice(_ name: String, _ list: String) -> ConnectError {
        ConnectError("field.exists", .configuration, "\"\(list)\" has a field \(name) already.", remedy: "Name each field once.")
    }

    static func fieldMissing(_ name: String, _ list: String) -> ConnectError {
        ConnectError(
            "field.missing", .configuration, "\"\(list)\" has no field \(name).",
            remedy: "`connecthost lists show` (or pets, tables, apps) shows its fields.")
    }

    static func matchPolicy(_ why: String, _ remedy: String) -> ConnectError {
        ConnectError("merge.match", .configuration, why, remedy: remedy)
    }

    static func query(_ why: String) -> ConnectError {
        ConnectError(
            "query.invalid", .configuration, "The condition cannot be used: \(why).",
            remedy: "Write an SQL expression over the table's fields, for example COUNTRY_ = 'DE' AND CITY_ IS NOT NULL.")
    }

    static func viewField(_ name: String, _ others: [String]) -> ConnectError {
        ConnectError("field.missing", .configuration, "The view has no column \(name).", remedy: "It has: \(others.joined(separator: ", ")).")
    }

    static func viewWithoutDate() -> ConnectError {
        ConnectError(
            "view.undated", .configuration, "The view has no column MODIFIED_DATE_, so nobody can tell which of its rows have changed.",
            remedy: "Add MODIFIED_DATE_ of one of its tables to the SELECT, or export all records.")
    }

    static func queryTime(_ list: String) -> ConnectError {
        ConnectError("query.time", .configuration, "The query of \"\(list)\" took too long and was stopped.", remedy: "Narrow the condition.")
    }
}
