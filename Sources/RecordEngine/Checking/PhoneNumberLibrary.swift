public import ConnectModel
import Foundation

/// libphonenumber behind a C function of ours (`Sources/CPhoneNumbers`), for the strict check of mobile numbers (IMP-9, domain facts §2.6).
///
/// A shared library that is opened when a job asks for it: with what it needs (protobuf, ICU, Abseil) it takes some ten megabytes, which a run
/// that does not use it should not pay. It is never closed. Any thread.
public struct PhoneNumberLibrary: Sendable {
    private typealias Check =
        @convention(c) @Sendable (
            UnsafePointer<CChar>?, Int, UnsafePointer<CChar>?, UnsafeMutablePointer<CChar>, UnsafeMutablePointer<Int>
        ) -> Int32

    private let function: Check
    /// CH_PHONE_MOST_DIGITS.
    private static let mostDigits = 15

    /// Throws `mobile.library` (configuration) when it, or something it needs, is not installed.
    public init(path: String) throws {
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE), let symbol = dlsym(library, "ch_phone_number_check") else {
            throw ConnectError(
                "mobile.library", .configuration, "The strict check of mobile numbers cannot be loaded: \(String(cString: dlerror())).",
                remedy: "Install libphonenumber (apt-get install libphonenumber8), or set target.mobile_check to fast.")
        }
        // The function of that name in that file, which is built with this one, has this signature.
        function = unsafeBitCast(symbol, to: Check.self)
    }

    enum Answer: Int32 {
        case mobile, unassigned, noCountry, failed
    }

    /// Appends the number with its calling code to `output` when it is a mobile one. `region`: the two letters of the country whose national number
    /// it is; nil where the digits begin with a calling code.
    func check(_ digits: UnsafeRawBufferPointer, region: [UInt8]?, into output: ByteBuffer) -> Answer {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.mostDigits) { number in
            guard let place = number.baseAddress else { return .failed }
            var count = 0
            let text = digits.assumingMemoryBound(to: CChar.self).baseAddress
            let answer: Int32
            if let region {
                answer = (region + [0]).withUnsafeBytes {
                    function(text, digits.count, $0.assumingMemoryBound(to: CChar.self).baseAddress, place, &count)
                }
            } else {
                answer = function(text, digits.count, nil, place, &count)
            }
            let known = Answer(rawValue: answer) ?? .failed
            if known == .mobile { output.append(UnsafeRawBufferPointer(start: place, count: count)) }
            return known
        }
    }
}
