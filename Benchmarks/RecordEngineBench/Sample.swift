/// The data of the benchmarks: 12 columns, about 116 bytes a row, 11 % of rows with quoted fields, 1 % with doubled quotes and a line break.
struct Sample {
    static let header = "CUSTOMER_ID,EMAIL,MOBILE,FIRST_NAME,LAST_NAME,CITY,STATE,POSTAL_CODE,COUNTRY,BIRTH_DATE,TIER,LAST_PURCHASE\n"

    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    private let first = ["Anna", "Jürgen", "María", "Wei", "Fatima", "John", "Olga", "Pierre", "Aiko", "Lars"]
    private let last = ["Schmidt", "García", "Nguyen", "O'Neill", "Kowalski", "Müller", "Johansson", "Tanaka", "Rossi", "Brown"]
    private let city = ["Berlin", "Madrid", "Paris", "Toronto", "Osaka", "Lagos", "Lima", "Oslo", "Austin", "Springfield"]
    private let tier = ["GOLD", "SILVER", "BRONZE"]

    private mutating func next(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 33) % bound
    }

    private func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(width - text.count, 0)) + text
    }

    mutating func row(_ index: Int) -> String {
        let kind = next(100)
        let name = first[next(10)]
        var town = city[next(10)]
        if kind < 1 { town = "\"\(town) \"\"Old\"\"\nTown\"" } else if kind < 11 { town = "\"\(town), \(tier[next(3)])\"" }
        let date = "\(1950 + next(55))-\(padded(1 + next(12), 2))-\(padded(1 + next(28), 2))"
        let purchase =
            "2025-\(padded(1 + next(12), 2))-\(padded(1 + next(28), 2)) \(padded(next(24), 2)):\(padded(next(60), 2)):\(padded(next(60), 2))"
        return
            "C\(padded(index, 9)),user\(index).\(next(1000))@mail\(next(500)).example.com,"
            + "49151\(padded(next(10_000_000), 8)),\(name),\(last[next(10)]),"
            + "\(town),ST\(next(50)),\(padded(next(100_000), 5)),DE,\(date),\(tier[next(3)]),\(purchase)\n"
    }
}
