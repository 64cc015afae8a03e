import GRDBSQLite

/// Lets a connection read the columns of some tables and call harmless functions, for a limited time; refuses everything else.
/// Used by one thread, and kept alive until it is removed.
final class QueryGuard {
    private static let refusedFunctions: Set<String> = ["load_extension", "fts3_tokenizer", "randomblob", "zeroblob"]
    private let timeLimit: Duration
    private var spent = Duration.zero
    private var began = ContinuousClock.now
    private var tables: Set<String>
    /// What was asked for last and is not to be had.
    private(set) var refused: String?

    init(timeLimit: Duration, tables: Set<String>) {
        self.timeLimit = timeLimit
        self.tables = tables
    }

    func allow(_ table: String) { tables.insert(table) }

    func resume() { began = ContinuousClock.now }
    func pause() { spent += ContinuousClock.now - began }

    func install(_ handle: OpaquePointer) {
        sqlite3_set_authorizer(
            handle,
            { context, action, first, second, _, _ in
                guard let context else { return SQLITE_DENY }
                let guardian = Unmanaged<QueryGuard>.fromOpaque(context).takeUnretainedValue()
                let name = (action == SQLITE_FUNCTION ? second : first).map { String(cString: $0) } ?? ""
                let isAllowed =
                    switch action {
                    case SQLITE_SELECT, SQLITE_RECURSIVE: true
                    case SQLITE_READ: guardian.tables.contains(name)
                    case SQLITE_FUNCTION: !name.isEmpty && !QueryGuard.refusedFunctions.contains(name)
                    default: false
                    }
                if !isAllowed { guardian.refused = name.isEmpty ? "anything but reading" : name }
                return isAllowed ? SQLITE_OK : SQLITE_DENY
            }, Unmanaged.passUnretained(self).toOpaque())
        sqlite3_progress_handler(
            handle, 20_000,
            { context in
                guard let context else { return 0 }
                let guardian = Unmanaged<QueryGuard>.fromOpaque(context).takeUnretainedValue()
                return guardian.spent + (ContinuousClock.now - guardian.began) > guardian.timeLimit ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    static func remove(_ handle: OpaquePointer) {
        sqlite3_set_authorizer(handle, nil, nil)
        sqlite3_progress_handler(handle, 0, nil, nil)
    }
}
