import ConnectModel

/// The table of a list's file, by its columns. The table is always called `recipients`; the file belongs to one list.
struct ListTable {
    static let name = "recipients"

    /// Kept in every list, smallest set that import and look-up need. NULL is not in them.
    static let indexes: [(name: String, column: String)] = [
        ("recipients_by_email", "EMAIL_ADDRESS_"),
        ("recipients_by_customer", "CUSTOMER_ID_"),
        ("recipients_by_mobile", "MOBILE_NUMBER_"),
    ]
    static let hashLengths: [String: Int] = ["EMAIL_MD5_HASH_": 16, "EMAIL_SHA256_HASH_": 32]

    /// In the table's order; `RIID_`, the row's id, comes first.
    let columns: [Field]
    private let places: [String: Int]

    init(columns: [Field]) {
        self.columns = columns
        places = Dictionary(columns.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    init(_ list: ProfileList) { self.init(columns: list.fields) }

    func place(of field: String) -> Int? { places[field] }

    static func creation(of list: ProfileList) -> String {
        let columns = list.fields.map(definition).joined(separator: ", ")
        let indexes = ListTable.indexes.map {
            "CREATE INDEX \($0.name) ON \(name) (\(quoted($0.column))) WHERE \(quoted($0.column)) IS NOT NULL;"
        }
        return "CREATE TABLE \(name) (\(columns));" + indexes.joined()
    }

    static func definition(_ field: Field) -> String {
        switch field.name {
        case "RIID_": return "\"RIID_\" INTEGER PRIMARY KEY"
        // Matching and looking up take no notice of the case of ASCII letters.
        case "EMAIL_ADDRESS_": return "\"EMAIL_ADDRESS_\" TEXT COLLATE NOCASE"
        default: break
        }
        if hashLengths[field.name] != nil { return quoted(field.name) + " BLOB" }
        switch field.type {
        case .integer: return quoted(field.name) + " INTEGER"
        case .number: return quoted(field.name) + " NUMERIC"
        default: return quoted(field.name) + " TEXT"
        }
    }
}
