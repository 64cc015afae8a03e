/// A way to reach a person (domain facts §2.5: E, M, P).
public enum Channel: String, Sendable, Codable, CaseIterable {
    case email
    case mobile
    case postal
}

public enum PermissionStatus: String, Sendable, Codable {
    case optIn = "OPTIN"
    case optOut = "OPTOUT"

    /// What the list stores.
    public var stored: String { self == .optIn ? "I" : "O" }
}

/// How rows of a load meet rows of the list (IMP-8, IMP-9; Docs/merge-rules.md decides what the field leaves open).
public struct MergePolicy: Sendable, Codable, Equatable {
    public enum OnMatch: String, Sendable, Codable, CaseIterable {
        /// Every mapped field takes the file's value (REPLACE_ALL).
        case update
        /// Only fields that are empty in the list take the file's value.
        case updateEmpty = "update_empty"
        /// The list keeps what it has (NO_UPDATE).
        case keep
    }

    public enum OnNoMatch: String, Sendable, Codable, CaseIterable {
        case insert
        case skip
    }

    /// What an empty value in the file does to a filled field when `onMatch` is `update`.
    public enum EmptyValue: String, Sendable, Codable, CaseIterable {
        case keep
        case clear
    }

    /// One or two of `ProfileList.matchableFields`; all must agree.
    public var match: [String]
    public var onMatch: OnMatch
    public var onNoMatch: OnNoMatch
    public var emptyValue: EmptyValue
    /// A record whose address for one of these is empty is rejected.
    public var rejectIfEmpty: [Channel]
    /// Status of a channel that gets its first address and brings no status of its own.
    public var defaultPermission: PermissionStatus
    /// Without it, `I` in the file does not overrule `O` in the list.
    public var optInAgain: Bool

    public init(
        match: [String] = ["EMAIL_ADDRESS_"], onMatch: OnMatch = .update, onNoMatch: OnNoMatch = .insert, emptyValue: EmptyValue = .keep,
        rejectIfEmpty: [Channel] = [], defaultPermission: PermissionStatus = .optOut, optInAgain: Bool = false
    ) {
        self.match = match
        self.onMatch = onMatch
        self.onNoMatch = onNoMatch
        self.emptyValue = emptyValue
        self.rejectIfEmpty = rejectIfEmpty
        self.defaultPermission = defaultPermission
        self.optInAgain = optInAgain
    }
}
