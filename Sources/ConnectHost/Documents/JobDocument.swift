import ConnectModel

/// Servers, tables, jobs and what follows them, as a file has them (MGT-6).
public struct JobDocument: Sendable {
    public struct ServerEntry: Sendable {
        var place: String
        var name: String
        var connector: String
        var settings: [String: JSONValue]
        var secrets: [String: SecretReference]
    }

    /// A table of any kind.
    public struct TableEntry: Sendable {
        var place: String
        var table: AudienceTable
    }

    public struct JobEntry: Sendable {
        var place: String
        var name: String
        var kind: String
        var description: String
        var definition: [String: JSONValue]
        var active: Bool
    }

    /// A group; jobs by name, in the order in which they run (GRP-1).
    public struct GroupEntry: Sendable {
        var place: String
        var name: String
        var description: String
        var jobs: [String]
        var definition: [String: JSONValue]
        var active: Bool
    }

    public var file: String
    var servers: [ServerEntry] = []
    /// In the order in which they can be made: owners first.
    var tables: [TableEntry] = []
    /// Filters, then audiences, then views.
    var selections: [SelectionEntry] = []
    var jobs: [JobEntry] = []
    var groups: [GroupEntry] = []
    var settings: [SettingEntry] = []
    var hooks: [HookEntry] = []
    /// What is wrong with its form; found before anything is compared with the host.
    var problems: [Problem] = []
    private var node: DocumentNode

    /// Throws only when the text is not YAML at all; everything else is a problem among `problems`.
    public init(yaml text: String, file: String) throws {
        self.file = file
        node = try DocumentNode(yaml: text, file: file)
        guard let root = node.value.objectValue else {
            throw ConnectError("document.form", .configuration, "\(file) holds no servers:, lists:, other tables or jobs:.")
        }
        let sections =
            ["servers"] + TableSection.allCases.map(\.rawValue) + ["filters", "audiences", "views", "jobs", "groups"] + AccountSetting.sections + [
                "hooks"
            ]
        for name in root.keys.sorted() where !sections.contains(name) { unknown(name, at: name, among: sections) }
        for (index, entry) in entries(root, "servers") { readServer(entry, "servers[\(index)]") }
        for section in TableSection.allCases {
            for (index, entry) in entries(root, section.rawValue) { readTable(entry, section, "\(section.rawValue)[\(index)]") }
        }
        for (index, entry) in entries(root, "filters") { readFilter(entry, "filters[\(index)]") }
        for (index, entry) in entries(root, "audiences") { readAudience(entry, "audiences[\(index)]") }
        for (index, entry) in entries(root, "views") { readView(entry, "views[\(index)]") }
        for (index, entry) in entries(root, "jobs") { readJob(entry, "jobs[\(index)]") }
        for (index, entry) in entries(root, "groups") { readGroup(entry, "groups[\(index)]") }
        for section in AccountSetting.sections where root[section] != nil { readSetting(object(root, section, ""), section) }
        for (index, entry) in entries(root, "hooks") { readHook(entry, "hooks[\(index)]") }
        checkNames()
    }

    /// Names are unique within their kind; the second use is the one at fault.
    private mutating func checkNames() {
        let kinds: [(String, [(name: String, place: String)])] =
            [
                ("servers", servers.map { ($0.name, $0.place) }), ("tables of every kind", tables.map { ($0.table.name, $0.place) }),
                ("jobs", jobs.map { ($0.name, $0.place) }), ("groups", groups.map { ($0.name, $0.place) }),
                ("hooks", hooks.map { ($0.hook.name, $0.place) }),
            ] + selectionNames
        for (kind, entries) in kinds {
            for (name, uses) in Dictionary(grouping: entries, by: \.name).sorted(by: { $0.key < $1.key }) where uses.count > 1 {
                problem("\(uses[1].place).name", "\"\(name)\" stands in \(kind) \(uses.count) times; names are unique.")
            }
        }
    }

    /// "contacts.yaml:12" for a place in the document.
    func location(of path: String) -> String { node.line(of: path).map { "\(file):\($0)" } ?? file }

    mutating func problem(_ path: String, _ message: String) { problems.append(Problem(path: path, message: message)) }

    private mutating func unknown(_ name: String, at path: String, among known: [String]) {
        let close = Similarity.closest(to: name, among: known)
        problem(path, "\"\(name)\" is not known here. " + (close.map { "Did you mean \"\($0)\"?" } ?? "Known: \(known.joined(separator: ", "))."))
    }

    mutating func entries(_ root: [String: JSONValue], _ section: String) -> [(Int, [String: JSONValue])] {
        guard let value = root[section], value != .null else { return [] }
        guard let array = value.arrayValue else {
            problem(section, "\"\(section)\" is a list; begin each entry with a dash.")
            return []
        }
        return array.enumerated().compactMap { index, element in
            guard let members = element.objectValue else {
                problem("\(section)[\(index)]", "An entry of \"\(section)\" holds named values.")
                return nil
            }
            return (index, members)
        }
    }

    /// A text that must be there; numbers are taken as they are written.
    mutating func text(_ members: [String: JSONValue], _ name: String, _ place: String) -> String? {
        switch members[name] {
        case .string(let text): return text
        case .integer(let number): return String(number)
        case nil: problem("\(place).\(name)", "\"\(name)\" is missing.")
        default: problem("\(place).\(name)", "\"\(name)\" is a text.")
        }
        return nil
    }

    mutating func object(_ members: [String: JSONValue], _ name: String, _ place: String) -> [String: JSONValue] {
        guard let value = members[name], value != .null else { return [:] }
        guard let object = value.objectValue else {
            problem(place.isEmpty ? name : "\(place).\(name)", "\"\(name)\" holds named values, one a line beneath it.")
            return [:]
        }
        return object
    }

    mutating func check(_ members: [String: JSONValue], _ place: String, _ known: [String]) {
        for name in members.keys.sorted() where !known.contains(name) { unknown(name, at: "\(place).\(name)", among: known) }
    }

    private mutating func readServer(_ members: [String: JSONValue], _ place: String) {
        check(members, place, ["name", "connector", "settings", "secrets"])
        guard let name = text(members, "name", place), let connector = text(members, "connector", place) else { return }
        if let wrong = Installation.problem(withServerName: name) { problem("\(place).name", wrong) }
        let secrets = secrets(members, place, setWith: "servers set")
        servers.append(
            ServerEntry(place: place, name: name, connector: connector, settings: object(members, "settings", place), secrets: secrets))
    }

    private mutating func readTable(_ members: [String: JSONValue], _ section: TableSection, _ place: String) {
        check(members, place, section.members)
        guard let name = text(members, "name", place) else { return }
        let owner = section.owners.first { members[$0] != nil }
        if !section.owners.isEmpty, owner == nil {
            return problem(place, "It is to say what it belongs to: \(section.owners.map { "\"\($0)\"" }.joined(separator: " or ")).")
        }
        var table = AudienceTable(name: name, kind: section.kind(ownedBy: owner), customFields: fields(members, place))
        table.owner = owner.flatMap { text(members, $0, place) }
        table.keyFields = names(members, "key", place)
        table.dataExtractionKey = names(members, "data_extraction_key", place)
        tables.append(TableEntry(place: place, table: table))
    }

    private mutating func fields(_ members: [String: JSONValue], _ place: String) -> [Field] {
        let types = object(members, "fields", place)
        var custom: [Field] = []
        for field in node.order["\(place).fields"] ?? [] {
            guard let type = types[field] else { continue }
            guard let known = type.stringValue.flatMap({ FieldType(rawValue: $0.uppercased()) }) else {
                problem(
                    "\(place).fields.\(field)", "The type of \"\(field)\" is one of \(FieldType.allCases.map(\.rawValue).joined(separator: ", ")).")
                continue
            }
            custom.append(Field(field.uppercased(), known))
        }
        return custom
    }

    private mutating func names(_ members: [String: JSONValue], _ name: String, _ place: String) -> [String] {
        guard let value = members[name] else { return [] }
        let texts = value.arrayValue?.compactMap(\.stringValue) ?? value.stringValue.map { [$0] }
        guard let texts, value.arrayValue.map({ $0.count == texts.count }) ?? true else {
            problem("\(place).\(name)", "\"\(name)\" is a list of fields: [A, B].")
            return []
        }
        return texts.map { $0.uppercased() }
    }

    private mutating func readJob(_ members: [String: JSONValue], _ place: String) {
        guard let name = text(members, "name", place), let kind = text(members, "kind", place) else { return }
        if let wrong = Job.problem(withName: name) { problem("\(place).name", wrong) }
        var active = true
        if let value = members["active"] {
            if let truth = value.boolValue { active = truth } else { problem("\(place).active", "\"active\" is true or false.") }
        }
        let definition = members.filter { !["name", "kind", "description", "active"].contains($0.key) }
        jobs.append(
            JobEntry(
                place: place, name: name, kind: kind, description: members["description"]?.stringValue ?? "", definition: definition, active: active))
    }

    private mutating func readGroup(_ members: [String: JSONValue], _ place: String) {
        guard let name = text(members, "name", place) else { return }
        var active = true
        if let value = members["active"] {
            if let truth = value.boolValue { active = truth } else { problem("\(place).active", "\"active\" is true or false.") }
        }
        let jobs = members["jobs"]?.arrayValue?.map { $0.stringValue ?? $0.integerValue.map(String.init) ?? "" } ?? []
        if members["jobs"]?.arrayValue == nil { problem("\(place).jobs", "\"jobs\" is a list of jobs in the order in which they run.") }
        let definition = members.filter { !["name", "jobs", "description", "active"].contains($0.key) }
        groups.append(
            GroupEntry(
                place: place, name: name, description: members["description"]?.stringValue ?? "", jobs: jobs, definition: definition, active: active))
    }
}
