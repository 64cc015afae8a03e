import ConnectModel

/// The rule that a target field's values follow.
enum ColumnCheck {
    case text(TextRule)
    /// Text that is cut where it is too long.
    case cutText(TextRule)
    case email(EmailRule)
    case mobile(MobileRule)
    case timestamp(TimestampRule)
    case integer(IntegerRule)
    case number(NumberRule)
    case choice(ChoiceRule)
    case hash(HashRule)

    /// The system fields with rules of their own first, the field's type otherwise.
    /// A field of the match key is never cut: two people could become one.
    init(_ field: Field, _ rules: CheckRules, _ topLevelDomains: TopLevelDomains, isKey: Bool = false, phoneNumbers: PhoneNumberLibrary? = nil) {
        switch field.name {
        case "EMAIL_ADDRESS_": self = .email(EmailRule(topLevelDomains: topLevelDomains))
        case "MOBILE_NUMBER_": self = .mobile(MobileRule(rules.mobileFormat, defaultCountry: rules.mobileCountry, library: phoneNumbers))
        case "EMAIL_PERMISSION_STATUS_", "MOBILE_PERMISSION_STATUS_", "POSTAL_PERMISSION_STATUS_", "CHANNEL_PERMISSION_STATUS_":
            self = .choice(.permission(optIn: rules.optInValue, optOut: rules.optOutValue))
        case "EMAIL_FORMAT_":
            self = .choice(.emailFormat(html: rules.htmlValue, text: rules.textValue, unknown: rules.unknownFormatValue))
        case "EMAIL_MD5_HASH_": self = .hash(HashRule(byteCount: 16))
        case "EMAIL_SHA256_HASH_": self = .hash(HashRule(byteCount: 32))
        default:
            switch field.type {
            case .integer: self = .integer(IntegerRule())
            case .number: self = .number(NumberRule())
            case .timestamp: self = .timestamp(TimestampRule(rules.dateFormat))
            default:
                let rule = TextRule(maximumLength: field.type.maximumLength ?? .max)
                self = rules.longText == .truncate && !isKey ? .cutText(rule) : .text(rule)
            }
        }
    }

    /// Checks the first `rows` values of `input` into an empty `output`, one value a row; where a rule is broken the value is empty and
    /// `reject` is told.
    func run(_ input: TextColumn, rows: Int, into output: TextColumn, reject: (Int, RejectReason) -> Void) {
        switch self {
        case .text(let rule): Self.run(rule, input, rows, output, reject)
        case .cutText(let rule): Self.run(rule, input, rows, output, reject)
        case .email(let rule): Self.run(rule, input, rows, output, reject)
        case .mobile(let rule): Self.run(rule, input, rows, output, reject)
        case .timestamp(let rule): Self.run(rule, input, rows, output, reject)
        case .integer(let rule): Self.run(rule, input, rows, output, reject)
        case .number(let rule): Self.run(rule, input, rows, output, reject)
        case .choice(let rule): Self.run(rule, input, rows, output, reject)
        case .hash(let rule): Self.run(rule, input, rows, output, reject)
        }
    }

    /// Generic, so that each rule gets a loop of its own without calls through tables.
    @inline(__always)
    private static func run<Rule: ValueRule>(
        _ rule: Rule, _ input: TextColumn, _ rows: Int, _ output: TextColumn, _ reject: (Int, RejectReason) -> Void
    ) {
        for row in 0..<rows {
            let value = Trimming.trimmed(input[row])
            if !value.isEmpty, let reason = rule.check(value, into: output.data) { reject(row, reason) }
            output.endValue()
        }
    }

    /// Whether every value of a text column can be stored as it stands, so that the column need not be copied.
    func acceptsUnchanged(_ input: TextColumn, rows: Int) -> Bool {
        let rule: TextRule
        switch self {
        case .text(let text), .cutText(let text): rule = text
        default: return false
        }
        for row in 0..<rows {
            let value = input[row]
            guard let first = value.first else { continue }
            guard !Trimming.isBlank(first), !Trimming.isBlank(value[value.count - 1]), rule.fits(value) else { return false }
        }
        return true
    }

    /// Checks mobile numbers, each with its record's country, as `run` does.
    func runMobile(
        _ rule: MobileRule, _ input: TextColumn, countries: TextColumn?, rows: Int, into output: TextColumn, reject: (Int, RejectReason) -> Void
    ) {
        for row in 0..<rows {
            let value = Trimming.trimmed(input[row])
            if !value.isEmpty, let reason = rule.check(value, country: countries?[row], into: output.data) { reject(row, reason) }
            output.endValue()
        }
    }

    /// Cuts text that is too long; returns how many values were cut.
    func cut(_ rule: TextRule, _ input: TextColumn, rows: Int, into output: TextColumn) -> Int {
        var count = 0
        for row in 0..<rows {
            let value = Trimming.trimmed(input[row])
            let kept = rule.cut(value)
            if kept.count < value.count { count += 1 }
            output.data.append(kept)
            output.endValue()
        }
        return count
    }
}
