import ConnectModel
import Crypto
import Foundation

/// The fields that follow from a person's e-mail address, which stands in lower case without blanks, and from the mobile number with its
/// calling code.
struct DerivedColumns {
    /// `EMAIL_DOMAIN_`, `EMAIL_MD5_HASH_`, `EMAIL_SHA256_HASH_` and `MOBILE_COUNTRY_`, without those that the file brings itself.
    let fields: [Field]

    init(mapped: [Field], mobileFormat: CheckRules.MobileFormat) {
        func isMapped(_ name: String) -> Bool { mapped.contains { $0.name == name } }
        var names = isMapped("EMAIL_ADDRESS_") ? ["EMAIL_DOMAIN_", "EMAIL_MD5_HASH_", "EMAIL_SHA256_HASH_"] : []
        if isMapped("MOBILE_NUMBER_") && mobileFormat != .none { names.append("MOBILE_COUNTRY_") }
        names = names.filter { !isMapped($0) }
        fields = names.compactMap { name in ProfileList.systemFields.first { $0.name == name } }
    }

    /// Fills one empty column for each of `fields`; rows that are not accepted or have no address get an empty value.
    func fill(
        _ columns: ArraySlice<TextColumn>, emails: TextColumn?, mobiles: TextColumn?, rows: Int, accepted: UnsafeMutableBufferPointer<Bool>
    ) {
        for (field, column) in zip(fields, columns) {
            if field.name == "MOBILE_COUNTRY_" {
                if let mobiles { Self.country(mobiles, rows, accepted, column) }
                continue
            }
            guard let emails else { continue }
            switch field.name {
            case "EMAIL_MD5_HASH_": Self.hash(Insecure.MD5.self, emails, rows, accepted, column)
            case "EMAIL_SHA256_HASH_": Self.hash(SHA256.self, emails, rows, accepted, column)
            default: Self.domain(emails, rows, accepted, column)
            }
        }
    }

    private static func country(_ mobiles: TextColumn, _ rows: Int, _ accepted: UnsafeMutableBufferPointer<Bool>, _ column: TextColumn) {
        let countries = MobileCountries.standard
        for row in 0..<rows {
            let mobile = mobiles[row]
            if accepted[row], mobile.count >= 3, let place = countries.country(of: mobile) {
                countries.countries[place].iso.withUnsafeBytes { column.data.append($0) }
            }
            column.endValue()
        }
    }

    private static func domain(_ emails: TextColumn, _ rows: Int, _ accepted: UnsafeMutableBufferPointer<Bool>, _ column: TextColumn) {
        for row in 0..<rows {
            let email = emails[row]
            if accepted[row] && !email.isEmpty {
                var start = email.count
                while start > 0 && email[start - 1] != 0x40 { start -= 1 }
                column.data.append(UnsafeRawBufferPointer(rebasing: email[start...]))
            }
            column.endValue()
        }
    }

    @inline(__always)
    private static func hash<Function: HashFunction>(
        _: Function.Type, _ emails: TextColumn, _ rows: Int, _ accepted: UnsafeMutableBufferPointer<Bool>, _ column: TextColumn
    ) {
        for row in 0..<rows {
            let email = emails[row]
            if accepted[row] && !email.isEmpty {
                var function = Function()
                function.update(bufferPointer: email)
                function.finalize().withUnsafeBytes { column.data.append($0) }
            }
            column.endValue()
        }
    }
}
