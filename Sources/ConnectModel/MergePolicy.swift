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

/// How records of a load meet rows of a table (IMP-8, IMP-9, IMP-12, IMP-13; Docs/merge-rules.md decides what the field leaves open).
public struct MergePolicy: Sendable, Codable, Equatable {
    public enum OnMatch: String, Sendable, Codable, CaseIterable {
        /// Every mapped field takes the file's value (REPLACE_ALL).
        case update
        /// Only fields that are empty in the table take the file's value.
        case updateEmpty = "update_empty"
        /// The table keeps what it has (NO_UPDATE).
        case keep
        /// The record is rejected: it was to be a new row (IMP-12, insert as new).
        case reject

        /// What a job may ask for where rows are merged.
        public static let merging: [OnMatch] = [.update, .updateEmpty, .keep]
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

    /// What becomes of a record whose person (of an App Channel PET: whose install) nobody knows (IMP-13).
    public enum UnknownPerson: String, Sendable, Codable, CaseIterable {
        case reject
        case skip
    }

    /// Out of the table's `matchableFields`; all must agree. For a supplemental table its key fields, which may be none.
    public var match: [String]
    public var onMatch: OnMatch
    public var onNoMatch: OnNoMatch
    /// For PETs: no row of the owner has this key.
    public var unknownPerson: UnknownPerson
    /// Every row that was there goes, in the commit that brings the new ones (IMP-12, IMP-13).
    public var replacesAll: Bool
    public var emptyValue: EmptyValue
    /// A record whose address for one of these is empty is rejected.
    public var rejectIfEmpty: [Channel]
    /// Status of a channel that gets its first address and brings no status of its own.
    public var defaultPermission: PermissionStatus
    /// Without it, `I` in the file does not overrule `O` in the list.
    public var optInAgain: Bool

    public init(
        match: [String] = ["EMAIL_ADDRESS_"], onMatch: OnMatch = .update, onNoMatch: OnNoMatch = .insert, emptyValue: EmptyValue = .keep,
        rejectIfEmpty: [Channel] = [], defaultPermission: PermissionStatus = .optOut, optInAgain: Bool = false,
        unknownPerson: UnknownPerson = .reject, replacesAll: Bool = false
    ) {
        self.match = match
        self.onMatch = onMatch
        self.onNoMatch = onNoMatch
        self.emptyValue = emptyValue
        self.rejectIfEmpty = rejectIfEmpty
        self.defaultPermission = defaultPermission
        self.optInAgain = optInAgain
        self.unknownPerson = unknownPerson
        self.replacesAll = replacesAll
    }
}
