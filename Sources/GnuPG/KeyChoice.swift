import ConnectModel

/// The keys of a ring, and which of them a person means.
public struct KeyChoice: Sendable {
    private let keys: [PGPKey]

    public init(among keys: [PGPKey]) { self.keys = keys }

    /// The one key of that fingerprint, address or name. Throws `key.missing` or `key.ambiguous` (configuration).
    public func key(_ text: String) throws -> PGPKey {
        let found = keys.filter { $0.matches(text) }
        if found.count == 1 { return found[0] }
        if let exact = found.first(where: { key in key.userIDs.contains { $0.lowercased().hasSuffix("<\(text.lowercased())>") } }),
            found.count(where: { $0.matches("<\(text)>") }) == 1
        {
            return exact
        }
        guard found.isEmpty else {
            throw ConnectError(
                "key.ambiguous", .configuration, "\(found.count) keys fit \"\(text)\": \(found.map(\.fingerprint).joined(separator: ", ")).",
                remedy: "Name the one by its fingerprint.")
        }
        throw ConnectError(
            "key.missing", .configuration, "There is no key \"\(text)\" in the key ring.", remedy: "`connecthost keys list` shows what there is.")
    }

    /// A key that files can be encrypted to: there, valid and made for it. Throws `configuration` with what it is not.
    public func recipient(_ text: String) throws -> PGPKey { try usable(try key(text), for: "encrypt", \.canEncrypt) }

    /// A key that files can be signed with: its private half is here, too. Throws `configuration` with what it is not.
    public func signer(_ text: String) throws -> PGPKey {
        let key = try usable(try key(text), for: "sign", \.canSign)
        guard key.isPrivate else {
            throw ConnectError(
                "pgp.signer", .configuration, "The private half of key \(key.fingerprint) is not in the key ring, so nothing can be signed with it.",
                remedy: "Name a key of your own: `connecthost keys list` marks them, `connecthost keys generate` makes one.")
        }
        return key
    }

    private func usable(_ key: PGPKey, for use: String, _ ability: (PGPKey) -> Bool) throws -> PGPKey {
        guard key.validity == .valid else {
            throw ConnectError(
                "pgp.key-\(key.validity.rawValue)", .configuration,
                "Key \(key.fingerprint) (\(key.userIDs.first ?? "without a name")) is \(key.validity.rawValue).",
                remedy: "Ask its owner for the new key, and take it in with `connecthost keys import FILE`.")
        }
        guard ability(key) else {
            throw ConnectError("pgp.key-use", .configuration, "Key \(key.fingerprint) cannot \(use).", remedy: "Ask its owner for a key that can.")
        }
        return key
    }
}
