import ConnectModel
import StoreAPI
import Yams

extension Installation {
    /// Servers, lists and jobs as one document; applying it to this host changes nothing. Secrets appear as references only (OPS-3).
    public func exportDocument() throws -> String {
        var sections: [(Node, Node)] = []
        let servers = try control.servers().map(node)
        let lists = try audience.lists().map(node)
        let jobs = try control.jobs().map(node)
        for (name, entries) in [("servers", servers), ("lists", lists), ("jobs", jobs)] where !entries.isEmpty {
            sections.append((Node(name), Node(entries, .implicit, .block)))
        }
        guard !sections.isEmpty else { return "" }
        return try Yams.serialize(node: Node(sections, .implicit, .block), width: -1, allowUnicode: true)
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

    private func node(_ list: AudienceTable) -> Node {
        var members: [(Node, Node)] = [(Node("name"), text(list.name))]
        if !list.customFields.isEmpty {
            members.append((Node("fields"), Node(list.customFields.map { (Node($0.name), text($0.type.rawValue)) }, .implicit, .block)))
        }
        return Node(members, .implicit, .block)
    }

    private func node(_ job: Job) -> Node {
        var members: [(Node, Node)] = [(Node("name"), text(job.name)), (Node("kind"), text(job.kind))]
        if !job.description.isEmpty { members.append((Node("description"), text(job.description))) }
        members += job.definition.sorted { $0.key < $1.key }.map { (Node($0.key), node($0.value)) }
        members.append((Node("active"), Node(String(job.active))))
        return Node(members, .implicit, .block)
    }

    private func node(_ value: JSONValue) -> Node {
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
