/// Where an administrator lets an installation's connections go (`account network`).
public struct NetworkAllowance: Sendable, Codable, Equatable {
    /// Ranges such as "10.0.0.0/8" beside the public addresses, for events and launches.
    public var allow: [String]
    /// PEM file of authorities in place of the system's.
    public var caFile: String?
    /// Where the mail server may be: "anywhere" alone, or "public" and ranges.
    public var mailServers: [String]
    /// Where the servers of connectors may be, in the same words.
    public var fileServers: [String]

    /// An administrator names mail and file servers, and most of them stand on private networks.
    public static let standard = ["anywhere"]

    public init(
        allow: [String] = [], caFile: String? = nil, mailServers: [String] = NetworkAllowance.standard,
        fileServers: [String] = NetworkAllowance.standard
    ) {
        self.allow = allow
        self.caFile = caFile
        self.mailServers = mailServers
        self.fileServers = fileServers
    }

    /// One that was saved before it had all members has the standard ones.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        allow = try values.decodeIfPresent([String].self, forKey: .allow) ?? []
        caFile = try values.decodeIfPresent(String.self, forKey: .caFile)
        mailServers = try values.decodeIfPresent([String].self, forKey: .mailServers) ?? Self.standard
        fileServers = try values.decodeIfPresent([String].self, forKey: .fileServers) ?? Self.standard
    }

    public func problems() -> [Problem] {
        let ranges = allow.filter { AddressRange($0) == nil }.map {
            Problem(path: "allow", message: "\"\($0)\" is not a range of addresses; write one as 10.0.0.0/8 or fd00::/8.")
        }
        return ranges + Self.problems("mail_servers", mailServers) + Self.problems("file_servers", fileServers)
    }

    private static func problems(_ path: String, _ words: [String]) -> [Problem] {
        guard !words.isEmpty else { return [Problem(path: path, message: "\"\(path)\" names nothing; write anywhere, or public and ranges.")] }
        if words.count > 1, words.contains("anywhere") {
            return [Problem(path: path, message: "\"anywhere\" stands alone: with it every address is allowed.")]
        }
        return words.filter { AddressPolicy.Rule($0) == nil }.map {
            Problem(path: path, message: "\"\($0)\" is neither anywhere, nor public, nor a range such as 10.0.0.0/8 or fd00::/8.")
        }
    }

    /// For events and launches.
    public var calls: AddressPolicy { AddressPolicy(allowing: allow.compactMap(AddressRange.init)) }
    public var mail: AddressPolicy { AddressPolicy(.mailServers, mailServers.compactMap(AddressPolicy.Rule.init)) }
    public var files: AddressPolicy { AddressPolicy(.fileServers, fileServers.compactMap(AddressPolicy.Rule.init)) }
}
