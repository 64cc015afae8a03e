public import ConnectModel
public import StoreAPI

/// What an export job reads, by its kind and name (EXP-1).
public struct ExportSource: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case list, audience
        case audienceScope = "audience_scope"
        case appList = "app_list"
        case filter, pet, table, view

        /// The kinds of table that it may be; none for what is saved.
        var tables: [TableKind] {
            switch self {
            case .list: [.list]
            case .appList: [.app]
            case .pet: [.pet, .appPet]
            case .table, .audienceScope: [.supplemental]
            case .audience, .filter, .view: []
            }
        }

        /// The kind of saved selection that it is; nil for tables.
        public var saved: SavedSelection.Kind? {
            switch self {
            case .audience: .audience
            case .filter: .filter
            case .view: .view
            default: nil
            }
        }
    }

    public var kind: Kind
    public var name: String
    /// The list it must belong to; nil when nobody asks.
    public var list: String?

    public init(kind: Kind, name: String, list: String?) {
        self.kind = kind
        self.name = name
        self.list = list
    }

    /// What the store reads for it. Throws `configuration` with what does not fit.
    public func selection(_ control: any ControlStore, _ audience: any AudienceStore) throws -> RowSelection.Source {
        guard let saved = kind.saved else { return .table(try table(audience).name) }
        guard let found = try control.savedSelection(saved, named: name) else {
            let others = try control.savedSelections(saved).map(\.name)
            throw ConnectError(
                "\(saved.rawValue).missing", .configuration, "There is no \(saved.rawValue) \"\(name)\".",
                remedy: others.isEmpty ? "`connecthost \(saved.rawValue)s create` makes one." : "There are: \(others.joined(separator: ", ")).")
        }
        return try found.source { try control.savedSelection(.filter, named: $0) }.checked(list: list, name: name)
    }

    private func table(_ audience: any AudienceStore) throws -> AudienceTable {
        let table = try audience.table(named: name)
        guard kind.tables.contains(table.kind) else {
            throw ConnectError(
                "source.kind", .configuration, "\"\(name)\" is a \(table.kind.noun), and source.type is \(kind.rawValue).",
                remedy: "Correct source.type or source.name.")
        }
        guard let list, kind != .list, let owner = table.owner else { return table }
        // Extensions of an App Channel list belong to the profile list by way of it.
        let owners = try [owner] + (table.kind == .appPet ? [audience.table(named: owner).owner].compactMap { $0 } : [])
        guard owners.contains(list) else { throw RowSelection.Source.foreign(name, owner, list) }
        return table
    }
}

extension RowSelection.Source {
    fileprivate func checked(list: String?, name: String) throws -> RowSelection.Source {
        guard let list, case .filtered(let table, _) = self, table != list else { return self }
        throw Self.foreign(name, table, list)
    }

    fileprivate static func foreign(_ name: String, _ owner: String, _ list: String) -> ConnectError {
        ConnectError(
            "source.list", .configuration, "\"\(name)\" belongs to \"\(owner)\", and source.list is \"\(list)\".",
            remedy: "Correct source.list or source.name.")
    }
}

extension SavedSelection {
    /// What the store reads for it; `filter` finds the filters that an audience is made of.
    public func source(_ filter: (String) throws -> SavedSelection?) throws -> RowSelection.Source {
        switch self {
        case .filter(let filter): return .filtered(table: filter.list, condition: filter.condition)
        case .view(let view): return .view(sql: view.sql)
        case .audience(let audience):
            var conditions: [String: String] = [:]
            for name in audience.filters {
                guard case .filter(let found)? = try filter(name) else {
                    throw ConnectError(
                        "filter.missing", .configuration, "Audience \"\(audience.name)\" is made of filter \"\(name)\", which is not there.",
                        remedy: "`connecthost filters list` shows what there is.")
                }
                guard found.list == audience.list else {
                    throw ConnectError(
                        "audience.list", .configuration,
                        "Audience \"\(audience.name)\" is of list \"\(audience.list)\", and its filter \"\(name)\" of \"\(found.list)\".",
                        remedy: "An audience combines filters of one list.")
                }
                conditions[name] = found.condition
            }
            return .filtered(table: audience.list, condition: audience.condition(conditions))
        }
    }
}
