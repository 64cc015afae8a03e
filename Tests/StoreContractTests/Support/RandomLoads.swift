public import ConnectModel
import StoreAPI

/// Tables of every kind and random loads into them, under random rules, with so few different values that most records meet something.
public enum RandomLoads {
    public static let tables: [AudienceTable] = [
        AudienceTable(name: "CONTACTS", customFields: TestStore.customFields),
        AudienceTable(
            name: "PET", kind: .pet,
            customFields: [Field("TIER", .str25), Field("POINTS", .integer), Field("SPEND", .number), Field("NOTES", .str4000)],
            owner: "CONTACTS"),
        AudienceTable(name: "APPS", kind: .app, owner: "CONTACTS"),
        AudienceTable(name: "APP PET", kind: .appPet, customFields: [Field("TIER", .str25), Field("SPEND", .number)], owner: "APPS"),
        AudienceTable(
            name: "KEYLESS", kind: .supplemental, customFields: [Field("CODE", .str50), Field("SPEND", .number)], dataExtractionKey: ["CODE"]),
        AudienceTable(
            name: "BY TEXT", kind: .supplemental, customFields: [Field("CODE", .str50), Field("NOTES", .str4000), Field("PERSON", .str50)],
            keyFields: ["CODE"],
            dataExtractionKey: ["PERSON", "NOTES"]),
        AudienceTable(
            name: "BY THREE", kind: .supplemental,
            customFields: [Field("CODE", .str50), Field("POINTS", .integer), Field("SPEND", .number), Field("TIER", .str25)],
            keyFields: ["CODE", "SPEND", "POINTS"]),
        AudienceTable(name: "BY NUMBER", kind: .supplemental, customFields: [Field("SPEND", .number), Field("TIER", .str25)], keyFields: ["SPEND"]),
        AudienceTable(
            name: "BY WHOLE", kind: .supplemental, customFields: [Field("POINTS", .integer), Field("TIER", .str25)], keyFields: ["POINTS"]),
    ]

    public static func make(run: Int64, maximumRows: Int, _ random: inout SeededGenerator) -> TestLoad {
        let table = tables.randomElement(using: &random) ?? tables[0]
        let policy = policy(for: table, &random)
        let owned = table.fields.map(\.name).filter { !table.kind.derivedFields.contains($0) && !policy.match.contains($0) }
        var fields = policy.match + owned.filter { _ in Int.random(in: 0..<3, using: &random) > 0 }.prefix(9)
        if fields.contains("EMAIL_ADDRESS_"), table.kind == .list { fields.append("EMAIL_MD5_HASH_") }
        fields.shuffle(using: &random)
        let count = Int.random(in: 0...maximumRows, using: &random)
        let domain = max(maximumRows, 4)
        let rows = (0..<count).map { _ in
            var row = fields.map { value($0, isKey: policy.match.contains($0), domain, &random) }
            if let email = fields.firstIndex(of: "EMAIL_ADDRESS_"), let hash = fields.firstIndex(of: "EMAIL_MD5_HASH_") {
                row[hash] = hashed(row[email])
            }
            return row
        }
        var load = TestLoad(
            table.name, fields: fields, rows: rows, policy: policy, run: run, memoryLimit: Bool.random(using: &random) ? 1 << 17 : 1 << 24,
            loadedAtUnixMilliseconds: 1_700_000_000_000 + run * 1000)
        if Int.random(in: 0..<3, using: &random) == 0 { load.loadSet = "latest" }
        return load
    }

    private static func policy(for table: AudienceTable, _ random: inout SeededGenerator) -> MergePolicy {
        let onMatch: [MergePolicy.OnMatch] = [.update, .update, .update, .updateEmpty, .keep]
        var policy = MergePolicy(
            match: match(for: table, &random), onMatch: onMatch.randomElement(using: &random) ?? .update,
            onNoMatch: Int.random(in: 0..<4, using: &random) == 0 ? .skip : .insert, emptyValue: Bool.random(using: &random) ? .keep : .clear,
            defaultPermission: Bool.random(using: &random) ? .optIn : .optOut, optInAgain: Bool.random(using: &random),
            unknownPerson: Bool.random(using: &random) ? .reject : .skip)
        if table.kind != .list, table.kind != .app, Int.random(in: 0..<6, using: &random) == 0 { policy.replacesAll = true }
        if table.kind == .supplemental, table.keyFields.isEmpty || Int.random(in: 0..<4, using: &random) == 0 {
            policy.onMatch = .reject
            policy.onNoMatch = .insert
        }
        if !table.kind.isExtension, policy.match == ["RIID_"] { policy.onNoMatch = .skip }
        return policy
    }

    private static func match(for table: AudienceTable, _ random: inout SeededGenerator) -> [String] {
        let choices: [[String]] =
            switch table.kind {
            case .supplemental: [table.keyFields]
            case .list:
                [
                    ["EMAIL_ADDRESS_"], ["CUSTOMER_ID_"], ["MOBILE_NUMBER_"], ["CUSTOMER_ID_", "EMAIL_ADDRESS_"],
                    ["EMAIL_ADDRESS_", "MOBILE_NUMBER_"], ["RIID_"],
                ]
            case .pet:
                [
                    ["EMAIL_ADDRESS_"], ["CUSTOMER_ID_"], ["MOBILE_NUMBER_"], ["RIID_"], ["EMAIL_MD5_HASH_"], ["CUSTOMER_ID_", "EMAIL_ADDRESS_"],
                    ["CUSTOMER_ID_", "RIID_"], ["EMAIL_MD5_HASH_", "CUSTOMER_ID_"],
                ]
            case .app, .appPet:
                [["RIID_"], ["ADVERTISER_ID_"], ["EXTERNAL_DEVICE_TRACKING_ID_"], ["DEVICE_ID_", "API_KEY_"], ["API_KEY_", "DEVICE_ID_"]]
            }
        return choices.randomElement(using: &random) ?? []
    }

    private static func hashed(_ email: String) -> String {
        email.isEmpty ? "" : String((email.lowercased().filter(\.isNumber) + "................").prefix(16))
    }

    private static func value(_ field: String, isKey: Bool, _ domain: Int, _ random: inout SeededGenerator) -> String {
        func number(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
        if number(isKey ? 24 : 8) == 0 { return "" }
        func email() -> String { (number(3) == 0 ? "Some.Person" : "some.person") + ".number\(number(domain))@example.com" }
        switch field {
        case "RIID_": return String(number(4 * domain) + 1)
        case "PROFILE_RIID_": return String(number(domain))
        case "EMAIL_ADDRESS_": return email()
        case "EMAIL_MD5_HASH_": return hashed(email())
        case "MOBILE_NUMBER_": return "4917\(1_000_000 + number(domain))"
        case "POINTS": return isKey ? ["\(number(domain))", "0\(number(domain))", "-\(number(domain) + 1)"][number(3)] : wholes[number(wholes.count)]
        case "SPEND":
            return isKey
                ? ["\(number(domain))", "\(number(domain)).5", "\(number(domain)).50", "1e\(number(15))"][number(4)]
                : decimals[number(decimals.count)]
        case "NOTES": return number(20) == 0 ? String(repeating: "äö", count: number(2000) + 1) : "n\(number(50))"
        case "API_KEY_": return "k\(number(2))"
        case let status where status.hasSuffix("_STATUS_"): return number(2) == 0 ? "I" : "O"
        case let date where date == "SEEN": return "2026-01-0\(number(9) + 1) 00:00:00"
        case let identifier where isKey || identifier.hasSuffix("_ID_"): return "C\(number(domain))"
        default: return "v\(number(40))"
        }
    }

    private static let wholes = ["0", "1", "-1", "127", "128", "-32769", "8388608", "2147483648", "140737488355328", "-9223372036854775808"]
    private static let decimals = ["0", "1", "0.5", "-2.25", "12345.678", "1000000000000"]
}
