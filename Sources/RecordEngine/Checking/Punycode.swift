/// Labels of domain names in other scripts as ASCII (RFC 3492), and which characters such a label may hold.
enum Punycode {
    /// The A-label of a label in lower case: itself if it is ASCII. nil when it cannot be a label.
    static func aLabel(_ label: Substring) -> String? {
        guard !label.isEmpty else { return nil }
        if label.utf8.allSatisfy({ $0 < 0x80 }) { return label.utf8.count <= 63 && isHostLabel(label) ? String(label) : nil }
        let scalars = Array(label.unicodeScalars)
        guard isInternationalLabel(scalars), let encoded = encode(scalars), encoded.utf8.count + 4 <= 63 else { return nil }
        return "xn--" + encoded
    }

    private static func isHostLabel(_ label: Substring) -> Bool {
        label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy { $0 &- 0x61 < 26 || $0 &- 0x41 < 26 || $0 &- 0x30 < 10 || $0 == 0x2D }
    }

    /// Near to IDNA 2008 and UTS 46: letters, marks and digits of any script, the joiners and the middle dots, `-` not at the ends, no mark in front.
    private static func isInternationalLabel(_ scalars: [Unicode.Scalar]) -> Bool {
        guard let first = scalars.first, let last = scalars.last, first != "-", last != "-", !isMark(first) else { return false }
        return scalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .lowercaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark, .decimalNumber: true
            default: scalar == "-" || [0x200C, 0x200D, 0xB7, 0x30FB].contains(scalar.value)
            }
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// The algorithm of RFC 3492 §6.3. nil on overflow.
    static func encode(_ scalars: [Unicode.Scalar]) -> String? {
        var output = String(String.UnicodeScalarView(scalars.filter(\.isASCII)))
        let basic = output.utf8.count
        if basic > 0 { output += "-" }
        var (next, delta, bias, handled) = (UInt32(128), UInt32(0), UInt32(72), basic)
        while handled < scalars.count {
            guard let smallest = scalars.lazy.map(\.value).filter({ $0 >= next }).min() else { return nil }
            let (product, tooLarge) = (smallest - next).multipliedReportingOverflow(by: UInt32(handled + 1))
            let (sum, overflows) = delta.addingReportingOverflow(product)
            guard !tooLarge, !overflows else { return nil }
            delta = sum
            next = smallest
            for scalar in scalars {
                if scalar.value < next { delta += 1 }
                guard scalar.value == next else { continue }
                output += digits(of: delta, bias: bias)
                bias = adapted(delta, count: UInt32(handled + 1), isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            next += 1
        }
        return output
    }

    private static func digits(of delta: UInt32, bias: UInt32) -> String {
        var text = ""
        var rest = delta
        var weight = UInt32(36)
        while true {
            let threshold = weight <= bias ? 1 : (weight >= bias + 26 ? 26 : weight - bias)
            if rest < threshold { break }
            text.append(digit(threshold + (rest - threshold) % (36 - threshold)))
            rest = (rest - threshold) / (36 - threshold)
            weight += 36
        }
        text.append(digit(rest))
        return text
    }

    private static func digit(_ value: UInt32) -> Character {
        Character(Unicode.Scalar(UInt8(truncatingIfNeeded: value < 26 ? 0x61 + value : 0x30 + value - 26)))
    }

    private static func adapted(_ delta: UInt32, count: UInt32, isFirst: Bool) -> UInt32 {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var steps = UInt32(0)
        while delta > 455 {
            delta /= 35
            steps += 36
        }
        return steps + 36 * delta / (delta + 38)
    }
}
