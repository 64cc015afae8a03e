import ConnectModel
import StoreAPI

/// A load's columns against its table: where each value goes and which make the key. Throws what a user can put right.
struct MergeLayout {
    struct KeyColumn {
        var staged: Int
        /// In the keyed table.
        var place: Int
        var field: String
        var part: MatchKey.Part
    }

    /// The table that the load changes.
    let table: TableLayout
    /// The table whose rows the keys find: the same, or the owner of an extension.
    let keyed: TableLayout
    let columns: [Field]
    /// In `table`; nil for what only serves to find the owner's row.
    let places: [Int?]
    /// None for a table without keys, where every record is a new row.
    let keys: [KeyColumn]
    /// The place in `keyed.indexes` of the one that orders rows by the key alone.
    let keyIndex: Int?
    /// Whether the key index is one of the changed table and its entries are a text: then the load's keys, which come sorted, are its new entries.
    let keysAreIndexEntries: Bool
    /// Whether the key is the id of the keyed rows.
    let keyIsRowID: Bool

    /// `owner` is given for extensions.
    init(_ plan: TableLoadPlan, table: AudienceTable, owner: AudienceTable?) throws {
        let layout = TableLayout(table)
        let keyed = owner.map(TableLayout.init) ?? layout
        self.table = layout
        self.keyed = keyed
        columns = plan.columns
        let match = plan.policy.match
        places = try plan.columns.map { field in
            if owner != nil, match.contains(field.name) { return nil }
            guard let place = layout.place(of: field.name) else { throw AudienceStoreError.fieldMissing(field.name, plan.table) }
            return place
        }
        try MergeLayout.check(plan, table)
        keys = try match.map { field in
            guard let staged = plan.columns.firstIndex(where: { $0.name == field }), let place = keyed.place(of: field) else {
                throw AudienceStoreError.matchPolicy("The load brings no \(field), which it is to match on.", "Map a column of the file onto it.")
            }
            return KeyColumn(staged: staged, place: place, field: field, part: MatchKey.Part(keyed.columns[place]))
        }
        keyIndex = keyed.indexes.firstIndex { $0.columns == match }
        let isText = keys.count == 1 && (keys[0].part == .bytes || keys[0].part == .folded)
        keysAreIndexEntries = owner == nil && keyIndex != nil && isText
        keyIsRowID = keys.count == 1 && keys[0].place == 0
    }

    var key: MatchKey { MatchKey(keys.map(\.part)) }

    private static func check(_ plan: TableLoadPlan, _ table: AudienceTable) throws {
        if let violation = MatchRule.violation(of: plan.policy, for: table.kind) {
            throw AudienceStoreError.matchPolicy(violation.message, violation.remedy)
        }
        if table.kind == .supplemental, plan.policy.match != table.keyFields {
            let key = table.keyFields.isEmpty ? "none" : table.keyFields.joined(separator: ", ")
            throw AudienceStoreError.matchPolicy("Rows of \"\(table.name)\" are matched on its key fields: \(key).", "Match on those.")
        }
        if table.kind == .supplemental, table.keyFields.isEmpty,
            plan.policy.onNoMatch == .skip || plan.policy.onMatch != .reject && !plan.policy.replacesAll
        {
            throw AudienceStoreError.matchPolicy(
                "\"\(table.name)\" has no key fields, so nothing in it can be matched.", "Insert, or replace all rows.")
        }
        for column in plan.columns where table.kind.derivedFields.contains(column.name) && !ProfileList.fieldsOfAddress.contains(column.name) {
            guard plan.policy.match.contains(column.name) else {
                throw AudienceStoreError.matchPolicy("\(column.name) is kept by the store and cannot be loaded.", "Take it out of the mapping.")
            }
        }
    }
}
