import ConnectModel

/// A mobile number with its country code, stored as E.164 without the plus, in the job's format (IMP-9, domain facts §2.6).
///
/// Blanks and `( ) - . /` between digits are dropped in all formats but `none`.
/// - `e164`: 6 to 15 digits that begin with an assigned calling code. National numbers and the `00` prefix are refused rather than stored as
///   numbers that nobody can be reached by.
/// - `local`: with `+` or `00` in front as in `e164`. Otherwise a national number of the country in the record, else of the job's own: its
///   trunk digit is dropped and the calling code put in front, if mobile numbers there have as many digits.
/// - `none`: any text, as it stands.
///
/// The strict check asks libphonenumber, which knows what numbers each country gives out for mobile phones, and what is dialled within it.
struct MobileRule: ValueRule {
    private let format: CheckRules.MobileFormat
    private let defaultCountry: Int?
    private let countries = MobileCountries.standard
    /// nil: the fast rules alone.
    private let library: PhoneNumberLibrary?
    private static let mostBytes = 50

    init(_ format: CheckRules.MobileFormat = .e164, defaultCountry: String? = nil, library: PhoneNumberLibrary? = nil) {
        self.format = format
        self.library = library
        let countries = countries
        self.defaultCountry = defaultCountry.flatMap { text in Array(text.utf8).withUnsafeBytes { countries.number(iso: $0) } }
    }

    /// Whether the numbers of a record need its country.
    var needsCountry: Bool { format == .local }

    func check(_ value: UnsafeRawBufferPointer, into output: ByteBuffer) -> RejectReason? { check(value, country: nil, into: output) }

    /// `country` is the record's ISO code, if it has one.
    func check(_ value: UnsafeRawBufferPointer, country: UnsafeRawBufferPointer?, into output: ByteBuffer) -> RejectReason? {
        if format == .none { return asItStands(value, into: output) }
        let start = output.count
        guard appendDigits(value, to: output) else { return refuse(.badMobile, output, start) }
        let isNational = format == .local && value[0] != 0x2B && !isInternational(output, start)
        if let library { return checkStrictly(library, output, start, isNational: isNational, hasPlus: value[0] == 0x2B, country) }
        if isNational, let reason = complete(output, start, country) { return refuse(reason, output, start) }
        if format == .local && !isNational && value[0] != 0x2B { dropFirst(2, output, start) }
        let digits = output.count - start
        guard (6...15).contains(digits), countries.isAssigned(UnsafeRawBufferPointer(start: output.base + start, count: digits)) else {
            return refuse(.badMobile, output, start)
        }
        return nil
    }

    /// The same for the digits at the end of `output`, by libphonenumber.
    private func checkStrictly(
        _ library: PhoneNumberLibrary, _ output: ByteBuffer, _ start: Int, isNational: Bool, hasPlus: Bool, _ iso: UnsafeRawBufferPointer?
    ) -> RejectReason? {
        if format == .local && !isNational && !hasPlus { dropFirst(2, output, start) }
        var region: [UInt8]?
        if isNational {
            guard let place = place(of: iso) else { return refuse(.badMobileCountry, output, start) }
            region = countries.countries[place].iso
        }
        let digits = Array(UnsafeRawBufferPointer(start: output.base + start, count: output.count - start))
        output.truncate(to: start)
        return switch digits.withUnsafeBytes({ library.check($0, region: region, into: output) }) {
        case .mobile: nil
        case .noCountry: .badMobileCountry
        case .unassigned, .failed: .unassignedMobile
        }
    }

    private func asItStands(_ value: UnsafeRawBufferPointer, into output: ByteBuffer) -> RejectReason? {
        guard TextRule(maximumLength: Self.mostBytes).fits(value) else { return .tooLong }
        output.append(value)
        return nil
    }

    @inline(__always)
    private func appendDigits(_ value: UnsafeRawBufferPointer, to output: ByteBuffer) -> Bool {
        var index = value[0] == 0x2B ? 1 : 0
        while index < value.count {
            let byte = value[index]
            if byte &- 0x30 <= 9 {
                output.append(byte)
            } else if !isSeparator(byte) {
                return false
            }
            index += 1
        }
        return true
    }

    private func refuse(_ reason: RejectReason, _ output: ByteBuffer, _ start: Int) -> RejectReason {
        output.truncate(to: start)
        return reason
    }

    private func isInternational(_ output: ByteBuffer, _ start: Int) -> Bool {
        output.count - start > 2 && output.bytes[start] == 0x30 && output.bytes[start + 1] == 0x30
    }

    /// Turns the national number at the end of `output` into one with its calling code.
    private func complete(_ output: ByteBuffer, _ start: Int, _ iso: UnsafeRawBufferPointer?) -> RejectReason? {
        guard let place = place(of: iso) else { return .badMobileCountry }
        let country = countries.countries[place]
        let digits = Array(UnsafeRawBufferPointer(start: output.base + start, count: output.count - start))
        let national = !country.trunk.isEmpty && digits.starts(with: country.trunk) ? Array(digits.dropFirst(country.trunk.count)) : digits
        output.truncate(to: start)
        if country.lengths.contains(national.count) {
            (country.callingCode + national).withUnsafeBytes { output.append($0) }
        } else if digits.starts(with: country.callingCode), country.lengths.contains(digits.count - country.callingCode.count) {
            digits.withUnsafeBytes { output.append($0) }
        } else {
            return .badMobile
        }
        return nil
    }

    /// Of the record's country, else of the job's own; nil where neither is one.
    private func place(of iso: UnsafeRawBufferPointer?) -> Int? {
        let named = iso.map(Trimming.trimmed).flatMap { $0.isEmpty ? nil : $0 }
        return named.map { countries.number(iso: $0) } ?? defaultCountry
    }

    private func dropFirst(_ count: Int, _ output: ByteBuffer, _ start: Int) {
        let rest = Array(UnsafeRawBufferPointer(start: output.base + start + count, count: output.count - start - count))
        output.truncate(to: start)
        rest.withUnsafeBytes { output.append($0) }
    }

    private func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x09, 0x28, 0x29, 0x2D, 0x2E, 0x2F: true
        default: false
        }
    }
}
