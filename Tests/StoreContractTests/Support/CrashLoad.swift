public import ConnectModel
public import StoreAPI

/// What crash tests load into, and the load that they repeat: each run gives every second row of the one before another city, and adds as many rows.
public enum CrashTarget: String, CaseIterable, Sendable {
    case list, pet, app, supplemental
    /// A supplemental table whose rows all go.
    case replaced

    private static let people = AudienceTable(name: "CONTACTS")

    public var table: AudienceTable {
        switch self {
        case .list: Self.people
        case .pet: AudienceTable(name: "PET", kind: .pet, customFields: [Field("CITY", .str50)], owner: Self.people.name)
        case .app: AudienceTable(name: "APPS", kind: .app, owner: Self.people.name)
        case .supplemental, .replaced:
            AudienceTable(
                name: "ORDERS", kind: .supplemental, customFields: [Field("CODE", .str50), Field("CITY", .str50), Field("PERSON", .str50)],
                keyFields: ["CODE"],
                dataExtractionKey: ["PERSON"])
        }
    }

    /// The field that tells the runs apart.
    public var city: String {
        switch self {
        case .list: "CITY_"
        case .app: "ADMIN_AREA1_"
        default: "CITY"
        }
    }

    /// How many rows there are of each city when the first run has been applied, and when both have.
    public func cities(afterBoth: Bool, rows: Int) -> [String: Int] {
        guard afterBoth else { return ["City 1": rows] }
        return self == .replaced ? ["City 2": rows] : ["City 1": rows / 2, "City 2": rows]
    }

    public var tables: Int { table.owner == nil ? 1 : 2 }

    /// Makes the table, and the people that its rows belong to.
    public func prepare(_ store: any AudienceStore, rows: Int, workDirectory: String) throws {
        if table.owner != nil {
            try store.create(Self.people)
            let load = TestLoad(
                fields: ["CUSTOMER_ID_"], rows: (0..<2 * rows).map { ["C\($0)"] }, policy: MergePolicy(match: ["CUSTOMER_ID_"]), run: 99)
            try load.apply(store, workDirectory: workDirectory)
        }
        try store.create(table)
    }

    public func load(run: Int64, rows: Int) -> TestLoad {
        let first = (Int(run) - 1) * rows / 2
        let numbers = Array(first..<first + rows)
        func load(_ fields: [String], _ match: [String], replacing: Bool = false, _ row: (Int) -> [String]) -> TestLoad {
            var policy = MergePolicy(match: match, replacesAll: replacing)
            if replacing { policy.onMatch = .reject }
            return TestLoad(table.name, fields: fields, rows: numbers.map(row), policy: policy, run: run)
        }
        let city = "City \(run)"
        return switch self {
        case .list: load(["EMAIL_ADDRESS_", "CUSTOMER_ID_", "CITY_"], ["EMAIL_ADDRESS_"]) { ["p\($0 * 7919 % 1_000_003)@x.com", "C\($0)", city] }
        case .pet: load(["CUSTOMER_ID_", "CITY"], ["CUSTOMER_ID_"]) { ["C\($0)", city] }
        case .app: load(["DEVICE_ID_", "API_KEY_", "ADMIN_AREA1_"], ["DEVICE_ID_", "API_KEY_"]) { ["d\($0 * 7919 % 1_000_003)", "key", city] }
        case .supplemental, .replaced:
            load(["CODE", "CITY", "PERSON"], ["CODE"], replacing: self == .replaced) { ["o\($0 * 7919 % 1_000_003)", city, "C\($0 % 100)"] }
        }
    }
}
