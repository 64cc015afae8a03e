import FoundationEssentials

extension SettingsSchema {
    /// The JSON Schema (2020-12 subset) that the host publishes.
    public var json: String {
        var properties: [String] = []
        for (order, field) in fields.enumerated() { properties.append("\(Self.quoted(field.name)):\(field.json(order: order))") }
        let required = fields.filter(\.isRequired).map { Self.quoted($0.name) }.joined(separator: ",")
        return #"{"type":"object","additionalProperties":false,"properties":{\#(properties.joined(separator: ","))},"required":[\#(required)]}"#
    }

    static func quoted(_ text: String) -> String {
        guard let data = try? JSONEncoder().encode(text) else { return "\"\"" }
        return String(decoding: data, as: UTF8.self)
    }
}

extension SettingField {
    func json(order: Int) -> String {
        var members = [#""title":\#(SettingsSchema.quoted(title))"#, #""description":\#(SettingsSchema.quoted(help))"#]
        members += kindMembers
        if let defaultValue { members.append(#""default":\#(defaultValue.json)"#) }
        if isSecret { members.append(#""writeOnly":true"#) }
        if isPin { members.append(#""x-pin":true"#) }
        if isAdvanced { members.append(#""x-advanced":true"#) }
        if let dependsOn {
            members.append(#""x-depends":{\#(SettingsSchema.quoted(dependsOn.name)):\#(SettingsSchema.quoted(dependsOn.value))}"#)
        }
        if let capability { members.append(#""x-capability":\#(SettingsSchema.quoted(capability))"#) }
        if isAccountWide { members.append(#""x-scope":"account""#) }
        if isJobs { members.append(#""x-scope":"job""#) }
        if isExclusive { members.append(#""x-exclusive":true"#) }
        if let reference { members.append(#""x-ref":"\#(reference.rawValue)""#) }
        if !channels.isEmpty { members.append(#""x-event-channels":[\#(channels.map(SettingsSchema.quoted).joined(separator: ","))]"#) }
        members.append(#""x-order":\#(order)"#)
        return "{\(members.joined(separator: ","))}"
    }

    private var kindMembers: [String] {
        switch kind {
        case .string(let minimum, let maximum, let pattern):
            var members = [#""type":"string""#]
            if minimum > 0 { members.append(#""minLength":\#(minimum)"#) }
            if let maximum { members.append(#""maxLength":\#(maximum)"#) }
            if let pattern { members.append(#""pattern":\#(SettingsSchema.quoted(pattern))"#) }
            return members
        case .integer(let minimum, let maximum):
            var members = [#""type":"integer""#]
            if let minimum { members.append(#""minimum":\#(minimum)"#) }
            if let maximum { members.append(#""maximum":\#(maximum)"#) }
            return members
        case .boolean: return [#""type":"boolean""#]
        case .choice(let choices):
            let values = choices.map { SettingsSchema.quoted($0.value) }.joined(separator: ",")
            let titles = choices.map { SettingsSchema.quoted($0.title) }.joined(separator: ",")
            return [#""type":"string""#, #""enum":[\#(values)]"#, #""x-enum-titles":[\#(titles)]"#]
        case .strings: return [#""type":"array""#, #""items":{"type":"string"}"#]
        case .choices(let choices):
            let values = choices.map { SettingsSchema.quoted($0.value) }.joined(separator: ",")
            let titles = choices.map { SettingsSchema.quoted($0.title) }.joined(separator: ",")
            return [#""type":"array""#, #""items":{"type":"string","enum":[\#(values)],"x-enum-titles":[\#(titles)]}"#]
        case .map: return [#""type":"object""#, #""additionalProperties":{"type":"string"}"#]
        }
    }
}

extension SettingsExample {
    var json: String {
        let config = settings.map { "\(SettingsSchema.quoted($0.name)):\($0.value.json)" }.joined(separator: ",")
        return "{\"title\":\(SettingsSchema.quoted(title)),\"config\":{\(config)}}"
    }
}

extension SettingField.Default {
    var json: String {
        switch self {
        case .string(let text): SettingsSchema.quoted(text)
        case .integer(let number): String(number)
        case .boolean(let truth): String(truth)
        case .strings(let texts): "[\(texts.map(SettingsSchema.quoted).joined(separator: ","))]"
        case .map(let pairs):
            "{"
                + pairs.sorted { $0.key < $1.key }.map { "\(SettingsSchema.quoted($0.key)):\(SettingsSchema.quoted($0.value))" }.joined(
                    separator: ",") + "}"
        }
    }

    var value: SettingValues.Value {
        switch self {
        case .string(let text): .string(text)
        case .integer(let number): .integer(number)
        case .boolean(let truth): .boolean(truth)
        case .strings(let texts): .strings(texts)
        case .map(let pairs): .map(pairs)
        }
    }
}
