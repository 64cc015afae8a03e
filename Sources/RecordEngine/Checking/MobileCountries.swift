/// Countries by the digits that their mobile numbers begin with, for the fast rules (IMP-9). Knows calling codes and lengths, and not
/// whether a number was ever given out.
struct MobileCountries: Sendable {
    static let standard = MobileCountries(MobileCountryTable.text)

    struct Country: Sendable {
        /// Two capital letters.
        var iso: [UInt8]
        var callingCode: [UInt8]
        /// What stands before national numbers and is dropped; may be empty.
        var trunk: [UInt8]
        /// Digits after the calling code.
        var lengths: ClosedRange<Int>
    }

    private(set) var countries: [Country] = []
    private var numbersByISO: [UInt16: Int] = [:]
    /// By a number's first three digits: 0 not assigned, -1 to no country, else the country's place + 1.
    private var byPrefix = [Int16](repeating: 0, count: 1000)
    /// By country: those that share its code, with the digits after the code that theirs begin with.
    private var sharing: [[(digits: [UInt8], country: Int)]] = []

    /// Assigned by the ITU to services of no country (ITU-T E.164, list of assigned codes).
    private static let serviceCodes = [800, 808, 870, 878, 881, 882, 883, 888, 979]

    init(_ table: String) {
        var others: [(country: Int, digits: [[UInt8]])] = []
        for entry in table.split(separator: ";") {
            let words = entry.split(whereSeparator: \.isWhitespace)
            guard words.count >= 4, let (shortest, longest) = Self.range(words[3]) else { continue }
            let country = Country(
                iso: Array(words[0].utf8), callingCode: Array(words[1].utf8), trunk: words[2] == "-" ? [] : Array(words[2].utf8),
                lengths: shortest...longest)
            countries.append(country)
            numbersByISO[Self.key(country.iso)] = countries.count - 1
            if words.count == 4 {
                assign(country.callingCode, Int16(countries.count))
            } else {
                others.append((countries.count - 1, words[4] == "-" ? [] : words[4].split(separator: ",").map { Array($0.utf8) }))
            }
        }
        for code in Self.serviceCodes { byPrefix[code] = -1 }
        sharing = Array(repeating: [], count: countries.count)
        for (country, digits) in others {
            guard let first = (countries[country].callingCode + [0x30, 0x30]).withUnsafeBytes({ self.country(of: $0) }) else { continue }
            sharing[first] += digits.map { ($0, country) }
        }
    }

    /// By two letters in either case, with blanks around them.
    func number(iso: UnsafeRawBufferPointer) -> Int? {
        let trimmed = Trimming.trimmed(iso)
        guard trimmed.count == 2 else { return nil }
        return numbersByISO[Self.key(trimmed.map { ASCII.lower($0) ^ 0x20 })]
    }

    /// Whether a number of at least three digits begins with a calling code that is assigned.
    @inline(__always)
    func isAssigned(_ digits: UnsafeRawBufferPointer) -> Bool { place(digits) != 0 }

    /// Of a number of at least three digits with its calling code; nil where its code is of no country, such as a satellite's.
    func country(of digits: UnsafeRawBufferPointer) -> Int? {
        let place = place(digits)
        guard place > 0 else { return nil }
        let first = Int(place) - 1
        let rest = digits[countries[first].callingCode.count...]
        return sharing[first].first { rest.starts(with: $0.digits) }?.country ?? first
    }

    @inline(__always)
    private func place(_ digits: UnsafeRawBufferPointer) -> Int16 {
        byPrefix[Int(digits[0] &- 0x30) * 100 + Int(digits[1] &- 0x30) * 10 + Int(digits[2] &- 0x30)]
    }

    private mutating func assign(_ code: [UInt8], _ place: Int16) {
        let number = code.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
        let span = code.count == 1 ? 100 : code.count == 2 ? 10 : 1
        for prefix in (number * span)..<((number + 1) * span) where prefix < 1000 && byPrefix[prefix] == 0 { byPrefix[prefix] = place }
    }

    private static func range(_ text: Substring) -> (Int, Int)? {
        let ends = text.split(separator: "-").compactMap { Int($0) }
        return ends.count == 2 && ends[0] <= ends[1] ? (ends[0], ends[1]) : nil
    }

    private static func key(_ iso: [UInt8]) -> UInt16 { iso.count == 2 ? UInt16(iso[0]) << 8 | UInt16(iso[1]) : 0 }
}
