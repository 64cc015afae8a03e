/// Which machines connections of one kind may be made to (OPS-3).
///
/// Asked for the address of each connection as it is made, so that it does not matter how the address was written, what a name resolves to, or
/// what it resolved to before.
public struct AddressPolicy: Sendable, Equatable {
    /// One word of what an administrator has set.
    public enum Rule: Sendable, Equatable, CustomStringConvertible {
        /// Every address.
        case anywhere
        /// Every address that anybody may have a machine at.
        case publicAddresses
        case range(AddressRange)

        /// "anywhere", "public", or a range.
        public init?(_ text: String) {
            switch text {
            case "anywhere": self = .anywhere
            case "public": self = .publicAddresses
            default:
                guard let range = AddressRange(text) else { return nil }
                self = .range(range)
            }
        }

        public var description: String {
            switch self {
            case .anywhere: "anywhere"
            case .publicAddresses: "public"
            case .range(let range): range.description
            }
        }

        func holds(_ address: NetworkAddress, _ plain: NetworkAddress) -> Bool {
            switch self {
            case .anywhere: true
            case .publicAddresses: plain.isPublic
            case .range(let range): range.holds(plain) || range.holds(address)
            }
        }
    }

    /// The setting of `account network` that it comes from.
    public enum Setting: String, Sendable, Codable {
        /// Events and launches. Public addresses are always among its rules, and not written down with them.
        case allow
        case mailServers = "mail_servers"
        case fileServers = "file_servers"
    }

    public let setting: Setting
    private let rules: [Rule]

    /// No rule, no address.
    public init(_ setting: Setting, _ rules: [Rule]) {
        self.setting = setting
        self.rules = rules
    }

    /// Public addresses and the given ranges, for what users may name themselves.
    public init(allowing ranges: [AddressRange]) { self.init(.allow, [.publicAddresses] + ranges.map(Rule.range)) }

    /// Whether some address is refused.
    public var isRestricted: Bool { !rules.contains(.anywhere) }

    public func permits(_ address: NetworkAddress) -> Bool {
        let plain = address.unwrapped
        return rules.contains { $0.holds(address, plain) }
    }

    /// Why a connection was not made, and what an administrator could do about it: the whole setting as it would be, since it is set as a whole.
    /// - Parameters:
    ///   - addresses: those that the far side has; at least one.
    ///   - peer: what messages call the far side.
    public func refusal(of addresses: [NetworkAddress], peer: String) -> ConnectError {
        let isPrivate = addresses.allSatisfy { !$0.unwrapped.isPublic }
        let texts = addresses.map(\.description)
        let what = isPrivate ? "private or of this machine" : "not among those allowed"
        let sentence =
            texts.count == 1 ? "the address \(texts[0]), which is \(what)." : "the addresses \(texts.joined(separator: " and ")), which are \(what)."
        let kept = rules.map(\.description).filter { setting != .allow || $0 != Rule.publicAddresses.description }
        return ConnectError(
            "delivery.address", .configuration, "\(peer) has \(sentence)",
            remedy: "An administrator allows it with: connecthost account network set --set "
                + "\(setting.rawValue)=\((kept + texts).joined(separator: ","))")
    }
}

/// A worker is told it as text. What cannot be read is an error and not a policy that lets more through.
extension AddressPolicy: Codable {
    private enum CodingKeys: CodingKey { case setting, rules }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        setting = try values.decode(Setting.self, forKey: .setting)
        rules = try values.decode([String].self, forKey: .rules).map { text in
            guard let rule = Rule(text) else {
                throw DecodingError.dataCorruptedError(forKey: .rules, in: values, debugDescription: "\"\(text)\" is no rule for addresses.")
            }
            return rule
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(setting, forKey: .setting)
        try values.encode(rules.map(\.description), forKey: .rules)
    }
}
