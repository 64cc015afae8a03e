import ConnectModel
import Crypto
import Foundation

/// The fields that follow from a person's e-mail address, which stands in lower case without blanks.
struct DerivedColumns {
    /// `EMAIL_DOMAIN_`, `EMAIL_MD5_HASH_` and `EMAIL_SHA256_HASH_`, without those that the file brings itself.
    let fields: [Field]

    init(mapped: [Field]) {
        guard mapped.contains(where: { $0.name == "EMAIL_ADDRESS_" }) else {
            fields = []
            return
        }
        let names = ["EMAIL_DOMAIN_", "EMAIL_MD5_HASH_", "EMAIL_SHA256_HASH_"].filter { name in !mapped.contains { $0.name == name } }
        fields = names.compactMap { name in ProfileList.systemFields.first { $0.name == name } }
    }

    /// Fills one empty column for each of `fields`; rows that are not accepted or have no address get an empty value.
    func fill(_ columns: ArraySlice<TextColumn>, from emails: TextColumn, rows: Int, accepted: UnsafeMutableBufferPointer<Bool>) {
        for (field, column) in zip(fields, columns) {
            switch field.name {
            case "EMAIL_MD5_HASH_": Self.hash(Insecure.MD5.self, emails, rows, accepted, column)
            case "EMAIL_SHA256_HASH_": Self.hash(SHA256.self, emails, rows, accepted, column)
            default: Self.domain(emails, rows, accepted, column)
            }
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
