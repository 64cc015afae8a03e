/// Why a record was not loaded (IMP-15). The raw value is the stable code in the rejects file and in JSON.
public enum RejectReason: String, Sendable, Codable, CaseIterable {
    case malformedEmail = "EMAIL_MALFORMED"
    case unknownTopLevelDomain = "EMAIL_UNKNOWN_TLD"
    case emptyMatchKey = "MATCH_KEY_EMPTY"
    case emptyChannel = "CHANNEL_EMPTY"
    case badMobile = "MOBILE_INVALID"
    case badMobileCountry = "MOBILE_COUNTRY_INVALID"
    /// Only the strict check finds it (IMP-9).
    case unassignedMobile = "MOBILE_UNASSIGNED"
    case badTimestamp = "TIMESTAMP_INVALID"
    case badNumber = "NUMBER_INVALID"
    case badInteger = "INTEGER_INVALID"
    case badPermission = "PERMISSION_INVALID"
    case badFormat = "EMAIL_FORMAT_INVALID"
    case tooLong = "VALUE_TOO_LONG"
    case tooFewFields = "FIELDS_TOO_FEW"
    case tooManyFields = "FIELDS_TOO_MANY"
    case badEnclosure = "ENCLOSURE_INVALID"
    case unterminatedEnclosure = "ENCLOSURE_UNTERMINATED"
    case recordTooLong = "RECORD_TOO_LONG"
    case nulByte = "NUL_BYTE"
    case undecodable = "CHARSET_UNDECODABLE"
    /// The store found more than one row for the match key.
    case ambiguousMatch = "MATCH_AMBIGUOUS"
    case badHash = "HASH_INVALID"
    /// The store found nobody for the match key of an extension's record (IMP-13).
    case unknownPerson = "PERSON_UNKNOWN"
    /// The record was to be a new row, and the store found its key taken (IMP-12).
    case keyTaken = "KEY_TAKEN"

    /// One sentence for people.
    public var sentence: String {
        switch self {
        case .malformedEmail: "The e-mail address is not written as one."
        case .unknownTopLevelDomain: "The e-mail address ends in a top-level domain that does not exist."
        case .emptyMatchKey: "A match field is empty."
        case .emptyChannel: "The address of a channel that the job requires is empty."
        case .badMobile: "The mobile number is not one of 6 to 15 digits that begins with a country code."
        case .badMobileCountry: "The mobile number is a national one, and its country is missing or not an ISO code of two letters."
        case .unassignedMobile: "No country gives out mobile numbers like this one."
        case .badTimestamp: "The date does not fit the job's date format."
        case .badNumber: "The value is not a number."
        case .badInteger: "The value is not a whole number."
        case .badPermission: "The permission status is neither the opt-in nor the opt-out value."
        case .badFormat: "The e-mail format is neither the HTML nor the text value."
        case .tooLong: "The value is longer than the field."
        case .tooFewFields: "The record has fewer fields than the header."
        case .tooManyFields: "The record has more fields than the header."
        case .badEnclosure: "Text stands outside an enclosed field."
        case .unterminatedEnclosure: "An enclosed field is never closed."
        case .recordTooLong: "The record is longer than the job's limit."
        case .nulByte: "The record holds a NUL byte."
        case .undecodable: "The record holds bytes that are not of the file's character set."
        case .ambiguousMatch: "More than one row has this match key."
        case .unknownPerson: "Nobody in the list has this match key."
        case .keyTaken: "The table has a row with this key already, and the job only inserts."
        case .badHash: "The value is not a hash of the right length."
        }
    }
}
