import ConnectModel
import StoreAPI

/// A load's columns against its list's table: where each value goes and which make the key. Throws what a user can put right.
struct MergeLayout {
    enum Part {
        /// NOCASE text.
        case folded
        case bytes
        case number
        case hash(length: Int)
    }

    struct KeyColumn {
        var staged: Int
        var place: Int
        var field: String
        var part: Part
    }

    let table: ListTable
    let columns: [Field]
    let places: [Int]
    let keys: [KeyColumn]
    /// The place in `ListTable.indexes` of the one that orders rows by the key alone.
    let keyIndex: Int?

    init(_ plan: ListLoadPlan, table: ListTable) throws {
        self.table = table
        columns = plan.columns
        places = try plan.columns.map { field in
            guard let place = table.place(of: field.name) else { throw AudienceStoreError.fieldMissing(field.name, plan.list) }
            return place
        }
        try MergeLayout.check(plan)
        keys = try plan.policy.match.map { field in
            guard let staged = plan.columns.firstIndex(where: { $0.name == field }), let place = table.place(of: field) else {
                throw AudienceStoreError.matchPolicy("The load brings no \(field), which it is to match on.", "Map a column of the file onto it.")
            }
            return KeyColumn(staged: staged, place: place, field: field, part: MergeLayout.part(field))
        }
        let first = keys[0].field
        keyIndex = keys.count == 1 ? ListTable.indexes.firstIndex { $0.column == first } : nil
    }

    private static func part(_ field: String) -> Part {
        switch field {
        case "EMAIL_ADDRESS_": .folded
        case "RIID_": .number
        default: ListTable.hashLengths[field].map { .hash(length: $0) } ?? .bytes
        }
    }

    /// What the field's own rules say about match fields (domain facts §2.5).
    private static func check(_ plan: ListLoadPlan) throws {
        let match = plan.policy.match
        guard (1...2).contains(match.count), Set(match).count == match.count else {
            throw AudienceStoreError.matchPolicy("A load matches on one or two fields.", "Name one or two different match fields.")
        }
        for field in match where !ProfileList.matchableFields.contains(field) {
            throw AudienceStoreError.matchPolicy(
                "Rows cannot be matched on \(field).", "Choose from \(ProfileList.matchableFields.joined(separator: ", ")).")
        }
        let hashes = match.filter { ListTable.hashLengths[$0] != nil }
        if !hashes.isEmpty, match.count == 2, hashes.count == 2 || match.contains("EMAIL_ADDRESS_") {
            throw AudienceStoreError.matchPolicy(
                "A hash of the e-mail address cannot be matched together with the address or the other hash.", "Match on one of them.")
        }
        if plan.policy.onNoMatch == .insert, let given = match.first(where: { $0 == "RIID_" || ListTable.hashLengths[$0] != nil }) {
            throw AudienceStoreError.matchPolicy(
                "A load that matches on \(given) can only update: the list itself gives that value to new rows.", "Set on_no_match to skip.")
        }
        let derived = Set(["EMAIL_DOMAIN_", "EMAIL_MD5_HASH_", "EMAIL_SHA256_HASH_"])
        for column in plan.columns where ProfileList.derivedFields.contains(column.name) && !derived.contains(column.name) {
            guard match.contains(column.name) else {
                throw AudienceStoreError.matchPolicy("\(column.name) is kept by the list and cannot be loaded.", "Take it out of the mapping.")
            }
        }
    }
}
