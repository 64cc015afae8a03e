import StoreAPI
import StoreTesting

@testable import SQLiteStore

/// The stores the contract is held against. The embedded one has two ways to merge; each must keep it alone.
enum StoreKind: CaseIterable {
    case sqlite
    case sqliteByStatements
    case sqliteByRewriting

    func make(inMemory: Bool = false) throws -> TestStore {
        try TestStore(inMemory: inMemory) { path in
            switch self {
            case .sqlite: try SQLiteAudienceStore.open(path)
            case .sqliteByStatements: try SQLiteAudienceStore(path, rewriteFromRows: .max, rewriteShare: 1)
            case .sqliteByRewriting: try SQLiteAudienceStore(path, rewriteFromRows: 0, rewriteShare: 1 << 20)
            }
        }
    }
}
