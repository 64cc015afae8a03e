import ConnectModel

/// Which names tables and fields may have, and what a table may be made of.
enum TableNames {
    private static let tableMarks = Set(" _!-=@[]{}".unicodeScalars)

    /// Throws `table.name`.
    static func check(table name: String) throws {
        let scalars = name.unicodeScalars
        guard (1...100).contains(scalars.count), scalars.first != " ", scalars.last != " ",
            scalars.allSatisfy({ isLetterOrDigit($0) || tableMarks.contains($0) })
        else { throw AudienceStoreError.tableName(name) }
    }

    /// Throws what is wrong with a table that is to be made, apart from what it belongs to.
    static func check(_ table: AudienceTable) throws {
        try check(table: table.name)
        guard table.kind.mayHaveCustomFields || table.customFields.isEmpty else { throw AudienceStoreError.fixedFields(table) }
        try check(table.customFields, beside: table.kind.systemFields, of: table.name)
        guard table.kind == .supplemental || table.keyFields.isEmpty && table.dataExtractionKey.isEmpty else {
            throw AudienceStoreError.keysOfItsOwn(table)
        }
        for key in [table.keyFields, table.dataExtractionKey] {
            guard Set(key).count == key.count, key.count <= 8 else { throw AudienceStoreError.keyFields(table) }
            for field in key where !table.customFields.contains(where: { $0.name == field }) {
                throw AudienceStoreError.fieldMissing(field, table.name)
            }
        }
    }

    /// Throws `field.name` or `field.exists`.
    static func check(_ fields: [Field], beside present: [Field], of table: String) throws {
        var taken = Set(present.map(\.name))
        for field in fields {
            let scalars = field.name.unicodeScalars
            guard (1...100).contains(scalars.count), let first = scalars.first, isLetterOrDigit(first),
                scalars.allSatisfy({ isLetterOrDigit($0) || $0 == "_" }), field.name == field.name.uppercased(), !reserved.contains(field.name)
            else { throw AudienceStoreError.fieldName(field.name) }
            guard taken.insert(field.name).inserted else { throw AudienceStoreError.fieldTwice(field.name, table) }
        }
    }

    /// Of the system fields of every kind, and of the columns that nobody sees. Others that end in _ are only unwise (guide §3.5).
    private static let reserved = Set(TableKind.allCases.flatMap { $0.systemFields.map(\.name) } + TableLayout.hiddenNames)

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }
}
