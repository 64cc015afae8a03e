import ConnectModel

/// The sections of a document that make tables, in the order in which they can be made.
enum TableSection: String, CaseIterable {
    case lists, apps, pets, tables

    init(_ kind: TableKind) {
        self =
            switch kind {
            case .list: .lists
            case .app: .apps
            case .pet, .appPet: .pets
            case .supplemental: .tables
            }
    }

    /// What an entry may name as its owner.
    var owners: [String] {
        switch self {
        case .lists, .tables: []
        case .apps: ["list"]
        case .pets: ["list", "app"]
        }
    }

    /// What an entry may say.
    var members: [String] {
        switch self {
        case .lists: ["name", "fields"]
        case .apps: ["name", "list"]
        case .pets: ["name", "list", "app", "fields"]
        case .tables: ["name", "fields", "key", "data_extraction_key"]
        }
    }

    func kind(ownedBy owner: String?) -> TableKind {
        switch self {
        case .lists: .list
        case .apps: .app
        case .pets: owner == "app" ? .appPet : .pet
        case .tables: .supplemental
        }
    }

    /// How an entry names the owner of a table of this kind.
    static func ownerMember(of kind: TableKind) -> String { kind == .appPet ? "app" : "list" }
}
