/// Types of fields, by the names of the field (research: REST names of list fields).
public enum FieldType: String, Sendable, Codable, CaseIterable {
    case str25 = "STR25"
    case str50 = "STR50"
    case str100 = "STR100"
    case str255 = "STR255"
    case str500 = "STR500"
    case str4000 = "STR4000"
    /// One character.
    case char = "CHAR"
    /// A whole number of up to 64 bits.
    case integer = "INTEGER"
    /// A decimal number.
    case number = "NUMBER"
    /// Stored as text "YYYY-MM-DD HH:MM:SS" so that it sorts and compares as time.
    case timestamp = "TIMESTAMP"

    /// Most characters (Unicode scalars) a value may have; nil for numbers and timestamps.
    public var maximumLength: Int? {
        switch self {
        case .str25: 25
        case .str50: 50
        case .str100: 100
        case .str255: 255
        case .str500: 500
        case .str4000: 4000
        case .char: 1
        case .integer, .number, .timestamp: nil
        }
    }
}

public struct Field: Sendable, Codable, Equatable {
    /// Upper case; system fields end in `_`.
    public var name: String
    public var type: FieldType

    public init(_ name: String, _ type: FieldType) {
        self.name = name
        self.type = type
    }
}
