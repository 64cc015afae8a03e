/// Which fields a load may match on, said once for job files and stores (domain facts §2.5, guide §3.4).
public enum MatchRule {
    public struct Violation: Sendable, Equatable {
        public var message: String
        public var remedy: String
        /// Whether `on_no_match` is at fault rather than the fields.
        public var isAboutInserting = false
    }

    private static let hashes: Set<String> = ["EMAIL_MD5_HASH_", "EMAIL_SHA256_HASH_"]

    /// What is wrong with matching on these fields for a table of this kind, or nil. The key fields of supplemental tables are
    /// the table's own affair and are not looked at here.
    public static func violation(of policy: MergePolicy, for kind: TableKind) -> Violation? {
        guard kind != .supplemental else { return nil }
        let match = policy.match
        guard (1...2).contains(match.count), Set(match).count == match.count else {
            return Violation(message: "A load matches on one or two fields.", remedy: "Name one or two different match fields.")
        }
        let known = kind == .app || kind == .appPet ? AppChannelList.matchableFields : ProfileList.matchableFields
        if let field = match.first(where: { !known.contains($0) }) {
            return Violation(message: "Rows cannot be matched on \(field).", remedy: "Choose from \(known.joined(separator: ", ")).")
        }
        return kind == .app || kind == .appPet ? installViolation(policy, kind) : personViolation(policy, kind)
    }

    private static func personViolation(_ policy: MergePolicy, _ kind: TableKind) -> Violation? {
        let match = policy.match
        let hashed = match.filter(hashes.contains)
        if !hashed.isEmpty, match.count == 2, hashed.count == 2 || match.contains("EMAIL_ADDRESS_") {
            return Violation(
                message: "A hash of the e-mail address cannot be matched together with the address or the other hash.",
                remedy: "Match on one of them.")
        }
        if kind == .list, policy.onNoMatch == .insert, let given = match.first(where: { $0 == "RIID_" || hashes.contains($0) }) {
            return Violation(
                message: "A load that matches on \(given) can only update: the list itself gives that value to new rows.",
                remedy: "Set on_no_match to skip.", isAboutInserting: true)
        }
        return nil
    }

    private static func installViolation(_ policy: MergePolicy, _ kind: TableKind) -> Violation? {
        let match = Set(policy.match)
        guard match == AppChannelList.devicePair || match.count == 1 && match.isDisjoint(with: AppChannelList.devicePair) else {
            return Violation(
                message:
                    "App installs are matched on one of RIID_, ADVERTISER_ID_ and EXTERNAL_DEVICE_TRACKING_ID_, or on DEVICE_ID_ and API_KEY_ together.",
                remedy: "Name one of the three, or the pair.")
        }
        if kind == .app, policy.onNoMatch == .insert, match.contains("RIID_") {
            return Violation(
                message: "A load that matches on RIID_ can only update: the App Channel list itself gives that value to new rows.",
                remedy: "Set on_no_match to skip.", isAboutInserting: true)
        }
        return nil
    }
}
