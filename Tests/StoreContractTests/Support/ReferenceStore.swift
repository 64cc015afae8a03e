public import ConnectModel
public import StoreAPI

/// The merge rules over dictionaries, one record at a time, for tables of every kind: slow and plain, to compare stores with.
public struct ReferenceStore {
    /// A row by its fields; nil and missing are empty.
    public typealias Row = [String: String]

    private struct Content {
        var table: AudienceTable
        var rows: [Int64: Row] = [:]
        var nextID: Int64 = 1
    }

    /// What a load did.
    public struct Outcome {
        public var counts = MergeCounts()
        /// Lines and reasons, in file order.
        public var rejects: [String] = []
        /// Ids of rows that were met or made, ascending.
        public var rows: [Int64] = []
    }

    private var tables: [String: Content] = [:]

    public init(_ tables: [AudienceTable]) {
        for table in tables { self.tables[table.name] = Content(table: table) }
    }

    /// Rows in order of their ids, with RIID_ where the table shows it.
    public func rows(of table: String, _ fields: [String]) -> [[String?]] {
        guard let content = tables[table] else { return [] }
        return content.rows.sorted { $0.key < $1.key }.map { id, row in
            fields.map { $0 == "RIID_" ? String(id) : row[$0] }
        }
    }

    public mutating func apply(_ load: TestLoad, now: String) -> Outcome {
        guard var content = tables[load.list] else { return Outcome() }
        let owner = content.table.kind.isExtension ? content.table.owner.flatMap { tables[$0] } : nil
        let outcome = Step(load: load, now: now, owner: owner?.rows, ownerTable: owner?.table).run(&content)
        tables[load.list] = content
        return outcome
    }

    private struct Step {
        var load: TestLoad
        var now: String
        var owner: [Int64: Row]?
        var ownerTable: AudienceTable?
        private var policy: MergePolicy { load.policy }

        init(load: TestLoad, now: String, owner: [Int64: Row]?, ownerTable: AudienceTable?) {
            self.load = load
            self.now = now
            self.owner = owner
            self.ownerTable = ownerTable
        }

        func run(_ content: inout Content) -> Outcome {
            var outcome = Outcome()
            let table = content.table
            let before = content.rows
            if policy.replacesAll { content.rows = [:] }
            let first = max(content.nextID, (before.keys.max() ?? 0) + 1)
            let keyed = owner ?? content.rows
            let keyedTable = ownerTable ?? table
            let staged = load.rows.map { values -> Row in
                var row: Row = [:]
                for (field, value) in zip(load.fields, values) where !value.isEmpty {
                    row[field] = canonical(value, table.field(field) ?? keyedTable.field(field))
                }
                return row
            }
            var last: [[String]: Int] = [:]
            for (index, row) in staged.enumerated() { if let key = key(row, nil) { last[key] = index } }
            var places: [[String]: [Int64]] = [:]
            for (id, row) in keyed { if let key = key(row, id), !key.isEmpty { places[key, default: []].append(id) } }
            for (index, row) in staged.enumerated() {
                let line = index + 2
                guard let key = key(row, nil) else {
                    outcome.reject(line, .emptyMatchKey)
                    continue
                }
                if !key.isEmpty, last[key] != index {
                    outcome.counts.duplicates += 1
                    continue
                }
                let matches = places[key] ?? []
                if matches.count > 1 {
                    outcome.reject(line, policy.onMatch == .reject ? .keyTaken : .ambiguousMatch)
                } else if let id = matches.first {
                    meet(id, row, line, &content, &outcome)
                } else if owner != nil {
                    if policy.unknownPerson == .reject { outcome.reject(line, .unknownPerson) } else { outcome.counts.skipped += 1 }
                } else if policy.onNoMatch == .skip {
                    outcome.counts.skipped += 1
                } else {
                    content.rows[first + Int64(index)] = inserted(row, table)
                    outcome.counts.inserted += 1
                    outcome.rows.append(first + Int64(index))
                }
            }
            if owner == nil { content.nextID = first + Int64(staged.count) }
            outcome.rows.sort()
            return outcome
        }

        /// The record has found its row, or its person.
        private func meet(_ id: Int64, _ row: Row, _ line: Int, _ content: inout Content, _ outcome: inout Outcome) {
            guard let old = content.rows[id] else {
                if policy.onNoMatch == .skip {
                    outcome.counts.skipped += 1
                    return
                }
                content.rows[id] = inserted(row, content.table)
                outcome.counts.inserted += 1
                outcome.rows.append(id)
                return
            }
            if policy.onMatch == .reject, owner == nil { return outcome.reject(line, .keyTaken) }
            let new = updated(old, row, content.table)
            if new == old { outcome.counts.unchanged += 1 } else { outcome.counts.updated += 1 }
            content.rows[id] = new
            outcome.rows.append(id)
        }

        /// Nil when a part is empty; empty where the table has no key.
        private func key(_ row: Row, _ id: Int64?) -> [String]? {
            var key: [String] = []
            for field in policy.match {
                let value = field == "RIID_" && id != nil ? id.map(String.init) : row[field]
                guard let value else { return nil }
                key.append(field == "EMAIL_ADDRESS_" ? value.lowercased() : value)
            }
            return key
        }

        private static let channels = [
            ("EMAIL_ADDRESS_", "EMAIL_PERMISSION_STATUS_"), ("MOBILE_NUMBER_", "MOBILE_PERMISSION_STATUS_"),
            ("POSTAL_STREET_1_", "POSTAL_PERMISSION_STATUS_"), ("DEVICE_ID_", "CHANNEL_PERMISSION_STATUS_"),
        ]

        private func channels(_ table: AudienceTable) -> [(String, String)] {
            Self.channels.filter { table.field($0.0) != nil && table.field($0.1) != nil }
        }

        private func inserted(_ staged: Row, _ table: AudienceTable) -> Row {
            var row = staged.filter { table.field($0.key) != nil && $0.key != "RIID_" && !(owner != nil && policy.match.contains($0.key)) }
            if row["EMAIL_ADDRESS_"] == nil { for field in ProfileList.fieldsOfAddress { row[field] = nil } }
            for (address, status) in channels(table) where row[address] != nil && row[status] == nil { row[status] = policy.defaultPermission.stored }
            row["CREATED_DATE_"] = now
            row["MODIFIED_DATE_"] = now
            return row
        }

        private func updated(_ old: Row, _ staged: Row, _ table: AudienceTable) -> Row {
            guard policy.onMatch != .keep else { return old }
            var row = old
            let statuses = Set(channels(table).map(\.1))
            for field in load.fields where table.field(field) != nil && field != "RIID_" {
                guard !policy.match.contains(field), !statuses.contains(field), !ProfileList.fieldsOfAddress.contains(field) else { continue }
                switch (policy.onMatch, staged[field], old[field]) {
                case (.keep, _, _): break
                case (.updateEmpty, let new, nil): row[field] = new
                case (.updateEmpty, _, _): break
                case (_, nil, _): if policy.emptyValue == .clear { row[field] = nil }
                case (_, let new?, _): row[field] = new
                }
            }
            for (address, status) in channels(table) {
                if let new = staged[status] {
                    if policy.onMatch == .updateEmpty, old[status] != nil { continue }
                    if new == "I", old[status] == "O", !policy.optInAgain { continue }
                    row[status] = new
                } else if old[address] == nil, row[address] != nil, row[status] == nil {
                    row[status] = policy.defaultPermission.stored
                }
            }
            guard row != old else { return old }
            if row["EMAIL_ADDRESS_"] != old["EMAIL_ADDRESS_"] {
                for field in ProfileList.fieldsOfAddress where load.fields.contains(field) {
                    row[field] = row["EMAIL_ADDRESS_"] == nil ? nil : staged[field]
                }
            }
            row["MODIFIED_DATE_"] = now
            return row
        }

        /// Numbers in the form in which they come back, hashes in hexadecimal.
        private func canonical(_ value: String, _ field: Field?) -> String {
            if let length = ["EMAIL_MD5_HASH_": 16, "EMAIL_SHA256_HASH_": 32][field?.name ?? ""], value.utf8.count == length {
                return value.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            }
            guard field?.type == .integer || field?.type == .number else { return value }
            if let whole = Int64(value) { return String(whole) }
            guard let number = Double(value) else { return value }
            return Int64(exactly: number).map(String.init) ?? String(number)
        }
    }
}

extension ReferenceStore.Outcome {
    mutating func reject(_ line: Int, _ reason: RejectReason) {
        counts.rejected += 1
        rejects.append("\(line) \(reason.rawValue)")
    }
}
