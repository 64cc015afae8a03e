import ConnectModel
public import StoreAPI

/// The merge rules over dictionaries, one row at a time: slow and plain, to compare stores with.
public struct ReferenceList {
    /// Rows in order of their ids; nil and missing are empty.
    public private(set) var rows: [[String: String]] = []
    private let numbers: Set<String>

    public init(numbers: Set<String> = ["POINTS", "SPEND"]) { self.numbers = numbers }

    public mutating func apply(_ load: TestLoad, now: String) -> MergeCounts {
        var counts = MergeCounts()
        func key(_ row: [String: String]) -> [String]? {
            var key: [String] = []
            for field in load.policy.match {
                guard let value = row[field], !value.isEmpty else { return nil }
                key.append(field == "EMAIL_ADDRESS_" ? value.lowercased() : value)
            }
            return key
        }
        let staged = load.rows.map { Dictionary(uniqueKeysWithValues: zip(load.fields, $0).filter { !$1.isEmpty }) }
        var last: [[String]: Int] = [:]
        for (index, row) in staged.enumerated() {
            if let key = key(row) { last[key] = index }
        }
        var places: [[String]: [Int]] = [:]
        for (index, row) in rows.enumerated() {
            if let key = key(row) { places[key, default: []].append(index) }
        }
        for (index, row) in staged.enumerated() {
            guard let key = key(row) else {
                counts.rejected += 1
                continue
            }
            guard last[key] == index else {
                counts.duplicates += 1
                continue
            }
            let matches = places[key] ?? []
            if matches.count > 1 {
                counts.rejected += 1
            } else if let match = matches.first {
                if update(match, with: row, load, now) { counts.updated += 1 } else { counts.unchanged += 1 }
            } else if load.policy.onNoMatch == .skip {
                counts.skipped += 1
            } else {
                insert(row, load, now)
                counts.inserted += 1
            }
        }
        return counts
    }

    private static let channels = [
        ("EMAIL_ADDRESS_", "EMAIL_PERMISSION_STATUS_"), ("MOBILE_NUMBER_", "MOBILE_PERMISSION_STATUS_"),
        ("POSTAL_STREET_1_", "POSTAL_PERMISSION_STATUS_"),
    ]

    private mutating func insert(_ staged: [String: String], _ load: TestLoad, _ now: String) {
        var row = staged
        for (address, status) in ReferenceList.channels where row[address] != nil && row[status] == nil {
            row[status] = load.policy.defaultPermission.stored
        }
        row["CREATED_DATE_"] = now
        row["MODIFIED_DATE_"] = now
        rows.append(row)
    }

    private mutating func update(_ index: Int, with staged: [String: String], _ load: TestLoad, _ now: String) -> Bool {
        let policy = load.policy
        guard policy.onMatch != .keep else { return false }
        let old = rows[index]
        var row = old
        for field in load.fields where !policy.match.contains(field) && !ReferenceList.channels.map(\.1).contains(field) {
            switch (policy.onMatch, staged[field], old[field]) {
            case (.update, nil, _): if policy.emptyValue == .clear { row[field] = nil }
            case (.update, let new?, let old): if !same(field, new, old) { row[field] = new }
            case (_, let new?, nil): row[field] = new
            default: break
            }
        }
        for (address, status) in ReferenceList.channels {
            if let new = staged[status] {
                if policy.onMatch == .updateEmpty, old[status] != nil { continue }
                if new == "I", old[status] == "O", !policy.optInAgain { continue }
                row[status] = new
            } else if old[address] == nil, row[address] != nil, row[status] == nil {
                row[status] = policy.defaultPermission.stored
            }
        }
        guard row != old else { return false }
        row["MODIFIED_DATE_"] = now
        rows[index] = row
        return true
    }

    private func same(_ field: String, _ new: String, _ old: String?) -> Bool {
        guard let old else { return false }
        return numbers.contains(field) ? Double(new) == Double(old) : new == old
    }
}
