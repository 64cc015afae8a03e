import ConnectModel
import GRDB
import StoreAPI

/// Every sentence of the control store.
enum ControlStoreError {
    static func opening(_ path: String, _ error: any Error) -> ConnectError {
        if (error as? DatabaseError)?.resultCode == .SQLITE_CANTOPEN {
            return ConnectError(
                "home.unreadable", .configuration, "The control database \(path) cannot be opened.",
                remedy: "Check that the directory exists and belongs to you, or make a home with `connecthost init`.")
        }
        return wrapping(error)
    }

    static func newer(_ path: String, unknown: [String]) -> ConnectError {
        ConnectError(
            "control.newer", .configuration,
            "The control database \(path) was made or upgraded by a newer ConnectHost: this one does not know \(unknown.joined(separator: ", ")).",
            remedy: "Nothing was changed. Use that version, or restore the backup that was made before the upgrade.")
    }

    static func wrapping(_ error: any Error) -> ConnectError {
        if let error = error as? ConnectError { return error }
        guard let error = error as? DatabaseError else {
            return ConnectError("control.defect", .internal, "The control database could not be used: \(error).")
        }
        switch error.resultCode {
        case .SQLITE_FULL:
            return ConnectError(
                "disk.full", .transient, "The disk of the control database is full.", remedy: "Free some space and run the command again.")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_CANTOPEN:
            return ConnectError(
                "home.readonly", .configuration, "The control database may not be written: \(error.message ?? "no more is known").",
                remedy: "Run as the user who owns the home, or give yourself the right to write control.sqlite and its directory.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return ConnectError("control.busy", .transient, "The control database is held by another process.", remedy: "Try again.")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return ConnectError(
                "control.corrupt", .internal, "The control database is damaged: \(error.message ?? "no more is known").",
                remedy: "Restore it from a backup.")
        case .SQLITE_CONSTRAINT:
            return ConnectError("control.conflict", .configuration, "The name or run is taken: \(error.message ?? "").")
        default:
            return ConnectError("control.failed", .transient, "The control database answered: \(error.message ?? "\(error.resultCode)").")
        }
    }

    static func runActive(job: String, run: RunID) -> ConnectError {
        ConnectError(
            "run.active", .configuration, "Job \"\(job)\" is running already, as run \(run).",
            remedy: "Wait for it, or stop it with `connecthost runs stop \(run)`.")
    }

    static func runMissing(_ id: RunID) -> ConnectError {
        ConnectError("run.missing", .configuration, "There is no run \(id).", remedy: "`connecthost runs list` shows what there is.")
    }

    static func runFinished(_ id: RunID) -> ConnectError {
        ConnectError("run.finished", .configuration, "Run \(id) has ended.")
    }

    static func runStale(_ id: RunID) -> ConnectError {
        ConnectError("run.stale", .internal, "Run \(id) has been taken up by another worker; this one stops.")
    }

    static func groupActive(_ group: String, _ run: GroupRunID) -> ConnectError {
        ConnectError(
            "group.active", .configuration, "Group \"\(group)\" is running already, as run \(run).",
            remedy: "Wait for it, or stop it with `connecthost groups stop \"\(group)\"`.")
    }

    static func secretRotated(_ name: SecretName) -> ConnectError {
        ConnectError(
            "secret.rotated", .transient, "The key of the home was changed while the secret \"\(name.key)\" of \(name.owner) was being stored.",
            remedy: "Try again.")
    }

    static func outboxMissing(_ id: String) -> ConnectError {
        ConnectError(
            "outbox.missing", .configuration, "There is no message \(id) in the outbox.", remedy: "`connecthost outbox list` shows what there is.")
    }

    static func outboxState(_ message: OutboxMessage, _ wanted: OutboxState) -> ConnectError {
        ConnectError(
            "outbox.state", .configuration, "Message \(message.id) is \(message.state.rawValue) and cannot become \(wanted.rawValue).",
            remedy: wanted == .waiting ? "Only messages that are dead or wait are tried again." : nil)
    }

    static func outboxStale(_ id: String) -> ConnectError {
        ConnectError("outbox.stale", .internal, "Message \(id) has been taken up by another deliverer; this one stops.")
    }
}
