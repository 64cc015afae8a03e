import ConnectModel

/// How a table of the audience stands in its file: its columns, the row's id first, and its indexes. A file holds one table.
struct TableLayout {
    struct Index: Equatable {
        var name: String
        var columns: [String]
        var isUnique = false
    }

    let kind: TableKind
    /// The row's id, the number of the change that wrote the row last, then the table's fields in their order.
    let columns: [Field]
    /// The smallest set that matching and look-up need. Rows with an empty value in a column are not in them.
    let indexes: [Index]
    private let places: [String: Int]

    init(_ table: AudienceTable) {
        kind = table.kind
        let id = kind.hasRecipientID ? table.fields.prefix(1) : [TableLayout.hiddenID]
        columns = id + [TableLayout.change] + table.fields.dropFirst(kind.hasRecipientID ? 1 : 0)
        indexes = TableLayout.indexes(of: table)
        places = Dictionary(columns.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Of tables whose rows have no id that people know.
    private static let hiddenID = Field("ROW_ID_", .integer)
    /// Which load of the table inserted the row or changed it last: loads are numbered in the order in which they commit, so that whoever has seen
    /// all up to a number and asks for what is above it misses nothing, whatever clocks say. Nobody sees this column.
    static let change = Field("CHANGED_IN_", .integer)
    static let hiddenNames = [hiddenID.name, change.name]
    static let hashLengths: [String: Int] = ["EMAIL_MD5_HASH_": 16, "EMAIL_SHA256_HASH_": 32]

    /// Of the table within its file.
    var name: String { TableLayout.name(of: kind) }
    static func name(of kind: TableKind) -> String { kind == .list ? "recipients" : "records" }

    var idName: String { columns[0].name }
    func place(of field: String) -> Int? { places[field] }

    private static func indexes(of table: AudienceTable) -> [Index] {
        switch table.kind {
        case .list:
            [
                Index(name: "recipients_by_email", columns: ["EMAIL_ADDRESS_"]), Index(name: "recipients_by_customer", columns: ["CUSTOMER_ID_"]),
                Index(name: "recipients_by_mobile", columns: ["MOBILE_NUMBER_"]),
            ]
        case .app:
            [
                Index(name: "records_by_device", columns: ["DEVICE_ID_", "API_KEY_"]),
                Index(name: "records_by_advertiser", columns: ["ADVERTISER_ID_"]),
                Index(name: "records_by_tracking", columns: ["EXTERNAL_DEVICE_TRACKING_ID_"]),
                Index(name: "records_by_profile", columns: ["PROFILE_RIID_"]),
            ]
        // Their rows are found by the id of the owner's row, which is their own.
        case .pet, .appPet: []
        case .supplemental:
            [
                Index(name: "records_by_key", columns: table.keyFields, isUnique: true),
                Index(name: "records_by_person", columns: table.dataExtractionKey == table.keyFields ? [] : table.dataExtractionKey),
            ].filter { !$0.columns.isEmpty }
        }
    }

    var creation: String {
        let columns = columns.enumerated().map { $0 == 0 ? quoted($1.name) + " INTEGER PRIMARY KEY" : TableLayout.definition($1) }
        let indexes = indexes.map { index in
            let names = index.columns.map(quoted)
            let filled = names.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")
            return "CREATE \(index.isUnique ? "UNIQUE " : "")INDEX \(index.name) ON \(name) (\(names.joined(separator: ", "))) WHERE \(filled);"
        }
        return "CREATE TABLE \(name) (\(columns.joined(separator: ", ")));" + indexes.joined()
    }

    static func definition(_ field: Field) -> String {
        // Matching and looking up take no notice of the case of ASCII letters.
        if field.name == "EMAIL_ADDRESS_" { return "\"EMAIL_ADDRESS_\" TEXT COLLATE NOCASE" }
        if hashLengths[field.name] != nil { return quoted(field.name) + " BLOB" }
        switch field.type {
        case .integer: return quoted(field.name) + " INTEGER"
        case .number: return quoted(field.name) + " NUMERIC"
        default: return quoted(field.name) + " TEXT"
        }
    }
}
