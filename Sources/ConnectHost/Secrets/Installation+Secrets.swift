import ConnectModel
import StoreAPI

/// A stored secret, without its value. JSON keys are a contract.
public struct SecretEntry: Sendable, Encodable {
    /// "server/partner", "hook/crm", "setting/mail".
    public var owner: String
    public var name: String
    /// Names the key it is sealed under; empty for one of before keys had names.
    public var key: String
    public var opens: Bool
}

extension Installation {
    /// Every stored secret by name, and whether it opens with the key there is.
    public func secrets() throws -> [SecretEntry] {
        try vault.inventory().map { SecretEntry(owner: $0.name.owner, name: $0.name.key, key: $0.key, opens: $0.opens) }
    }

    /// Where the key comes from, in words.
    public var sealingKeySource: String { vault.source.description }

    /// Seals every secret under a new key (OPS-3), while runs go on. Returns how many there are and the key's name.
    public func rotateSecrets() throws -> (secrets: Int, key: String) { try vault.rotate() }
}
