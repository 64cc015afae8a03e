import ConnectModel
import StoreAPI
import Yams

extension Installation {
    /// Servers, tables, jobs and what follows them as one document; applying it to this host changes nothing. Secrets appear as references only (OPS-3).
    public func exportDocument() throws -> String {
        var sections: [(Node, Node)] = []
        let servers = try control.servers().map(node)
        // What a run has made goes again by itself.
        let all = try audience.tables(of: nil).filter { $0.expiresAtUnixMilliseconds == nil }
        let tables = TableSection.allCases.map { section in (section.rawValue, all.filter { TableSection($0.kind) == section }.map(node)) }
        let selections = try SavedSelection.Kind.allCases.map { ("\($0.rawValue)s", try selectionNodes($0)) }
        let jobs = try control.jobs().map(node)
        let groups = try control.groups().map(node)
        for (name, entries) in [("servers", servers)] + tables + selections + [("jobs", jobs), ("groups", groups)] where !entries.isEmpty {
            sections.append((Node(name), Node(entries, .implicit, .block)))
        }
        sections += try afterNodes().map { (Node($0.name), $0.node) }
        guard !sections.isEmpty else { return "" }
        return try Yams.serialize(node: Node(sections, .implicit, .block), width: -1, allowUnicode: true)
    }

    /// One job as a document, for editing.
    public func exportJob(_ name: String) throws -> String {
        let jobs = Node([node(try existingJob(name))], .implicit, .block)
        return try Yams.serialize(node: Node([(Node("jobs"), jobs)], .implicit, .block), width: -1, allowUnicode: true)
    }

    /// A table and a job that are not saved yet, as a document that makes both.
    func document(of table: AudienceTable, _ job: Job) throws -> String {
        let sections = [(TableSection(table.kind).rawValue, node(table)), ("jobs", node(job))]
        let nodes = sections.map { (Node($0.0), Node([$0.1], .implicit, .block)) }
        return try Yams.serialize(node: Node(nodes, .implicit, .block), width: -1, allowUnicode: true)
    }

    private func node(_ server: FileServer) throws -> Node {
        var members: [(Node, Node)] = [(Node("name"), text(server.name)), (Node("connector"), text(server.connector))]
        if !server.settings.isEmpty { members.append((Node("settings"), node(.object(server.settings)))) }
        if !server.secrets.isEmpty {
            let secrets = server.secrets.sorted { $0.key < $1.key }.map { (Node($0.key), text($0.value.description)) }
            members.append((Node("secrets"), Node(secrets, .implicit, .block)))
        }
        return Node(members, .implicit, .block)
    }

    private func node(_ table: AudienceTable) -> Node {
        var members: [(Node, Node)] = [(Node("name"), text(table.name))]
        if let owner = table.owner { members.append((Node(TableSection.ownerMember(of: table.kind)), text(owner))) }
        for (name, fields) in [("key", table.keyFields), ("data_extraction_key", table.dataExtractionKey)] where !fields.isEmpty {
            members.append((Node(name), Node(fields.map(text), .implicit, .flow)))
        }
        if !table.customFields.isEmpty {
            members.append((Node("fields"), Node(table.customFields.map { (Node($0.name), text($0.type.rawValue)) }, .implicit, .block)))
        }
        return Node(members, .implicit, .block)
    }

    private func selectionNodes(_ kind: SavedSelection.Kind) throws -> [Node] {
        try control.savedSelections(kind).map { saved in
            let members: [(String, JSONValue)] =
                switch saved {
                case .filter(let filter): [("list", .string(filter.list)), ("where", .string(filter.condition))]
                case .view(let view): [("sql", .string(view.sql))]
                case .audience(let audience):
                    [("list", .string(audience.list))]
                        + [("all", audience.all), ("any", audience.any), ("except", audience.except)].filter { !$0.1.isEmpty }
                        .map { ($0.0, .array($0.1.map(JSONValue.string))) }
                }
            return Node([(Node("name"), text(saved.name))] + members.map { (Node($0.0), node($0.1)) }, .implicit, .block)
        }
    }

    private func node(_ job: Job) -> Node {
        var members: [(Node, Node)] = [(Node("name"), text(job.name)), (Node("kind"), text(job.kind))]
        if !job.description.isEmpty { members.append((Node("description"), text(job.description))) }
        members += job.definition.sorted { $0.key < $1.key }.map { (Node($0.key), node($0.value)) }
        members.append((Node("active"), Node(String(job.active))))
        return Node(members, .implicit, .block)
    }

    private func node(_ group: JobGroup) throws -> Node {
        let jobs = try group.jobs.compactMap { try control.job($0)?.name }.map(text)
        var members: [(Node, Node)] = [(Node("name"), text(group.name)), (Node("jobs"), Node(jobs, .implicit, .block))]
        if !group.description.isEmpty { members.append((Node("description"), text(group.description))) }
        members += group.definition.sorted { $0.key < $1.key }.map { (Node($0.key), node($0.value)) }
        members.append((Node("active"), Node(String(group.active))))
        return Node(members, .implicit, .block)
    }

    func node(_ value: JSONValue) -> Node {
        switch value {
        case .null: Node("null")
        case .bool(let value): Node(String(value))
        case .integer(let value): Node(String(value))
        case .number(let value): Node(String(value))
        case .string(let value): text(value)
        case .array(let values): Node(values.map(node), .implicit, .flow)
        case .object(let members): Node(members.sorted { $0.key < $1.key }.map { (text($0.key), node($0.value)) }, .implicit, .block)
        }
    }

    /// Quoted, so that no text is read back as a number or a truth value.
    private func text(_ text: String) -> Node {
        let plain = text.allSatisfy { $0.isASCII && ($0.isLetter || "_".contains($0)) } && !text.isEmpty && !["true", "false", "null"].contains(text)
        return plain ? Node(text) : Node.scalar(.init(text, .implicit, .doubleQuoted))
    }
}
