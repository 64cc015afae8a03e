import ConnectModel

/// The steps of `MappingPlan.make`.
struct MappingPlanner {
    private let header: [String]
    private let origin: ColumnOrigin
    private let table: MappingTarget
    private let declared: [Field]
    private let policy: MergePolicy
    private let targets: [Field]
    private var plan = MappingPlan()
    /// What became of each column of the file; nil while open.
    private var outcomes: [Outcome?]

    private enum Outcome {
        case mapped(MappedColumn)
        case unmapped(String)
    }

    init(header: [String], origin: ColumnOrigin, target: MappingTarget, newFields: [Field], policy: MergePolicy) {
        self.header = header
        self.origin = origin
        table = target
        declared = newFields.map { Field($0.name.uppercased(), $0.type) }
        self.policy = policy
        let names = Set(table.fields.map(\.name))
        targets = table.fields + declared.filter { !names.contains($0.name) }
        outcomes = Array(repeating: nil, count: header.count)
    }

    mutating func ignore(_ names: [String]) {
        for name in names {
            let places = indexes(of: name)
            if places.isEmpty { warn("mapping.ignore", "The \(origin) has no column \"\(name)\" to ignore.") }
            for index in places { outcomes[index] = .unmapped("ignored by the job") }
        }
    }

    mutating func checkNewFields() {
        var seen: Set<String> = []
        for field in declared {
            let path = "mapping.new_fields.\(field.name)"
            if let problem = FieldNameRule.problem(with: field.name) { fail(path, problem) }
            if !seen.insert(field.name).inserted { fail(path, "The new field \(field.name) is named twice.") }
            if let there = table.field(field.name) {
                if there.type != field.type {
                    warn(
                        path,
                        "The \(table.noun) has \(field.name) already, as \(there.type.rawValue) and not \(field.type.rawValue); it stays as it is.")
                }
            } else if FieldNameRule.isReserved(field.name) {
                warn(path, "\(field.name) ends in _, which is reserved for system fields; better choose a name without it.")
            }
        }
    }

    mutating func mapManually(_ manual: [String: String]) {
        for (source, target) in manual.sorted(by: { $0.key < $1.key }) {
            let path = "mapping.fields.\(source)"
            let places = indexes(of: source)
            if places.count > 1 { fail(path, "The \(origin) has \(places.count) columns named \"\(source)\"; rename all but one.") }
            if places.isEmpty {
                let close = Similarity.closest(to: source, among: header)
                fail(path, "The \(origin) has no column \"\(source)\". Its columns are: \(header.joined(separator: ", ")).", close.map { [$0] })
            }
            guard let field = manualTarget(target, path), places.count == 1, let index = places.first else { continue }
            if let taken = column(mappedTo: field.name) {
                fail(path, "Both \"\(taken.sourceName)\" and \"\(source)\" are mapped to \(field.name); map one of them only.")
                outcomes[index] = .unmapped("\(field.name) is taken by \"\(taken.sourceName)\"")
                continue
            }
            map(index, to: field, "as the job says", 1)
        }
    }

    private mutating func manualTarget(_ target: String, _ path: String) -> Field? {
        let name = target.uppercased()
        guard let field = targets.first(where: { $0.name == name }) else {
            let close = Similarity.closest(to: name, among: targets.map(\.name).filter(mayBeMapped))
            let advice = close.map { "Did you mean \($0)?" } ?? "Its fields are: \(targets.map(\.name).filter(mayBeMapped).joined(separator: ", "))."
            fail(
                path, "The \(table.noun) \(table.name) has no field \"\(target)\". \(advice) A new field is declared in mapping.new_fields.",
                close.map { [$0] }
            )
            return nil
        }
        guard mayBeMapped(name) else {
            fail(path, "\(name) is set by the host and cannot be loaded from a \(origin)\(isKey(name) ? ", unless the job matches on it" : "").")
            return nil
        }
        return field
    }

    /// Two columns of one name cannot be told apart in the job (IMP-6). Columns that are ignored or mapped by their own names do not count.
    mutating func checkHeader() {
        var first: [String: Int] = [:]
        for (index, name) in header.enumerated() where outcomes[index] == nil {
            let normalised = FieldNameRule.normalised(name)
            guard !normalised.isEmpty else {
                outcomes[index] = .unmapped("the column has no usable name")
                continue
            }
            guard let other = first[normalised] else {
                first[normalised] = index
                continue
            }
            outcomes[index] = .unmapped("has the same name as column \(other + 1)")
            let how = header[other] == name ? "are both named \"\(name)\"" : "(\"\(header[other])\" and \"\(name)\") both become \(normalised)"
            fail(origin.headerPath, "Columns \(other + 1) and \(index + 1) of the \(origin) \(how); rename one of them.")
        }
    }

    private struct Proposal {
        var index: Int
        var field: Field
        var reason: String
        var confidence: Double
    }

    mutating func mapAutomatically() {
        var proposals: [String: [Proposal]] = [:]
        for index in header.indices where outcomes[index] == nil {
            guard let proposal = proposal(for: index) else { continue }
            if !mayBeMapped(proposal.field.name) {
                outcomes[index] = .unmapped("\(proposal.field.name) is set by the host")
            } else if let taken = column(mappedTo: proposal.field.name) {
                outcomes[index] = .unmapped("\(proposal.field.name) is taken by \"\(taken.sourceName)\"")
            } else {
                proposals[proposal.field.name, default: []].append(proposal)
            }
        }
        for (_, rivals) in proposals.sorted(by: { $0.key < $1.key }) { settle(rivals) }
    }

    /// The surest column gets the field; where two are as sure, somebody has to say which.
    private mutating func settle(_ rivals: [Proposal]) {
        let ranked = rivals.sorted { ($1.confidence, $0.index) < ($0.confidence, $1.index) }
        guard let best = ranked.first else { return }
        map(best.index, to: best.field, best.reason, best.confidence)
        for other in ranked.dropFirst() {
            let names = "\"\(header[best.index])\" and \"\(header[other.index])\""
            if other.confidence == best.confidence {
                fail("mapping.fields", "The columns \(names) both look like \(best.field.name); map one in mapping.fields or ignore the other.")
            } else {
                warn("mapping.fields", "The columns \(names) both look like \(best.field.name); the first is taken.")
            }
            outcomes[other.index] = .unmapped("\(best.field.name) is taken by \"\(header[best.index])\"")
        }
    }

    private func proposal(for index: Int) -> Proposal? {
        let name = FieldNameRule.normalised(header[index])
        if let field = field(named: header[index].uppercased()) ?? field(named: name) {
            return Proposal(index: index, field: field, reason: "same name", confidence: 1)
        }
        let found = "\(header[index]) -> "
        if let field = field(named: name + "_") {
            return Proposal(index: index, field: field, reason: "\(found)\(field.name) (system field)", confidence: 0.95)
        }
        let squeezed = Self.squeezed(name)
        if let field = FieldAliases.systemFields[squeezed].flatMap(field(named:)) {
            return Proposal(index: index, field: field, reason: "\(found)\(field.name) (known alias)", confidence: 0.9)
        }
        let alike = targets.filter { Self.squeezed($0.name) == squeezed }
        guard alike.count == 1, let field = alike.first else { return nil }
        return Proposal(index: index, field: field, reason: "\(found)\(field.name) (same but for _)", confidence: 0.85)
    }

    /// The plan with what can only be said once every column has its place.
    mutating func finished() -> MappingPlan {
        for (index, outcome) in outcomes.enumerated() {
            switch outcome {
            case .mapped(let column): plan.columns.append(column)
            case .unmapped(let reason): unmapped(index, reason)
            case nil: unmapped(index, "no field of this name")
            }
        }
        let existing = Set(table.fields.map(\.name))
        plan.newFields = declared.filter { field in !existing.contains(field.name) && plan.columns.contains { $0.field.name == field.name } }
        for field in declared where !existing.contains(field.name) && column(mappedTo: field.name) == nil {
            warn("mapping.new_fields.\(field.name)", "No column of the \(origin) goes to the new field \(field.name); it is not added.")
        }
        checkPolicy()
        if plan.columns.isEmpty {
            fail(
                "mapping",
                "No column of the \(origin) goes to a field of the \(table.noun) \(table.name). Its columns are: \(header.joined(separator: ", ")).")
        }
        return plan
    }

    private mutating func checkPolicy() {
        for name in policy.match where column(mappedTo: name) == nil {
            fail("target.match", "The job matches on \(name), but no column of the \(origin) is mapped to it.")
        }
        for channel in policy.rejectIfEmpty {
            let fields = PresenceRule.addressFields(of: channel)
            guard fields.allSatisfy({ column(mappedTo: $0) == nil }) else { continue }
            let wanted = fields.joined(separator: " or ")
            fail("target.reject_if_empty", "Records without \(channel.rawValue) address are to be rejected, but no column is mapped to \(wanted).")
        }
    }

    private mutating func unmapped(_ index: Int, _ reason: String) {
        plan.unmapped.append(UnmappedColumn(sourceIndex: index, sourceName: header[index], reason: reason))
    }

    private mutating func map(_ index: Int, to field: Field, _ reason: String, _ confidence: Double) {
        outcomes[index] = .mapped(
            MappedColumn(sourceIndex: index, sourceName: header[index], field: field, reason: reason, confidence: confidence))
    }

    private func column(mappedTo name: String) -> MappedColumn? {
        for case .mapped(let column) in outcomes where column.field.name == name { return column }
        return nil
    }

    private func indexes(of name: String) -> [Int] {
        let exact = header.indices.filter { header[$0] == name }
        return exact.isEmpty ? header.indices.filter { header[$0].lowercased() == name.lowercased() } : exact
    }

    private func field(named name: String) -> Field? { targets.first { $0.name == name } }
    private func isKey(_ name: String) -> Bool { table.matchableFields.contains(name) }
    private func mayBeMapped(_ name: String) -> Bool { !table.hostFields.contains(name) || policy.match.contains(name) }
    private static func squeezed(_ name: String) -> String { name.filter { $0 != "_" } }

    private mutating func fail(_ path: String, _ message: String, _ suggestions: [String]? = nil) {
        plan.problems.append(Problem(path: path, message: message, suggestions: suggestions))
    }

    private mutating func warn(_ path: String, _ message: String) {
        plan.problems.append(Problem(path: path, severity: .warning, message: message))
    }
}
