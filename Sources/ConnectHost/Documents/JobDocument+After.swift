import ConnectModel

/// What follows runs, as a file has it: hooks, and the settings of the installation that are one value each.
extension JobDocument {
    public struct HookEntry: Sendable {
        var place: String
        var hook: EventHook
    }

    /// Its place is its name.
    public struct SettingEntry: Sendable {
        var name: String
        var setting: AccountSetting
    }

    mutating func readHook(_ members: [String: JSONValue], _ place: String) {
        check(members, place, ["name", "url", "command", "arguments", "events", "timeout_seconds", "secrets"])
        guard let name = text(members, "name", place) else { return }
        let way: EventHook.Way
        switch (optionalText(members, "url", place), optionalText(members, "command", place)) {
        case (let url?, nil): way = .webhook(url: url)
        case (nil, let path?): way = .command(path: path, arguments: texts(members, "arguments", place))
        default: return problem(place, "A hook has either \"url\" or \"command\".")
        }
        let secrets = secrets(members, place, setWith: "hooks set")
        if case .webhook = way, secrets["signing"] == nil {
            problem(place, "A webhook is signed: name its secret as secrets.signing: env:NAME, file:/PATH or vault (set with `hooks set`).")
        }
        hooks.append(
            HookEntry(
                place: place,
                hook: EventHook(
                    name: name, way: way, events: texts(members, "events", place), secrets: secrets,
                    timeoutSeconds: integer(members, "timeout_seconds", place) ?? 30)))
    }

    mutating func readSetting(_ members: [String: JSONValue], _ section: String) {
        switch section {
        case Installation.mailSetting: readMail(members, section)
        case Installation.campaignSetting: readCampaigns(members, section)
        default:
            check(members, section, ["allow", "mail_servers", "file_servers", "ca_file"])
            let allowance = NetworkAllowance(
                allow: texts(members, "allow", section), caFile: optionalText(members, "ca_file", section),
                mailServers: places(members, "mail_servers", section), fileServers: places(members, "file_servers", section))
            settings.append(SettingEntry(name: section, setting: .network(allowance)))
        }
    }

    /// Where servers may be.
    private mutating func places(_ members: [String: JSONValue], _ name: String, _ place: String) -> [String] {
        guard let value = members[name], value != .null else { return NetworkAllowance.standard }
        return texts(members, name, place)
    }

    private mutating func readMail(_ members: [String: JSONValue], _ place: String) {
        check(members, place, ["host", "port", "security", "user", "password", "from", "ca_file"])
        let security = choice(members, "security", place, MailAccount.Security.starttls)
        guard let host = text(members, "host", place), let from = text(members, "from", place) else { return }
        let account = MailAccount(
            host: host, port: integer(members, "port", place) ?? MailAccount.standardPort(security), security: security,
            user: optionalText(members, "user", place), password: reference(members, "password", place, setWith: "account mail set"), from: from,
            caFile: optionalText(members, "ca_file", place))
        settings.append(SettingEntry(name: place, setting: .mail(account)))
    }

    private mutating func readCampaigns(_ members: [String: JSONValue], _ place: String) {
        check(members, place, ["profile", "url", "user", "secret", "timeout_seconds", "unsure"])
        guard let url = text(members, "url", place) else { return }
        let endpoint = CampaignEndpoint(
            profile: choice(members, "profile", place, .rest), url: url, user: optionalText(members, "user", place),
            secret: reference(members, "secret", place, setWith: "account campaigns set"),
            timeoutSeconds: integer(members, "timeout_seconds", place) ?? 60,
            unsure: choice(members, "unsure", place, .retry))
        settings.append(SettingEntry(name: place, setting: .campaigns(endpoint)))
    }

    // MARK: - Values

    private mutating func optionalText(_ members: [String: JSONValue], _ name: String, _ place: String) -> String? {
        guard let value = members[name], value != .null else { return nil }
        return text(members, name, place)
    }

    private mutating func integer(_ members: [String: JSONValue], _ name: String, _ place: String) -> Int64? {
        guard let value = members[name], value != .null else { return nil }
        if value.integerValue == nil { problem("\(place).\(name)", "\"\(name)\" is a whole number.") }
        return value.integerValue
    }

    private mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ members: [String: JSONValue], _ name: String, _ place: String, _ standard: Choice
    ) -> Choice {
        guard let text = optionalText(members, name, place) else { return standard }
        if let choice = Choice(rawValue: text) { return choice }
        problem("\(place).\(name)", "\"\(name)\" is one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")); \"\(text)\" is not.")
        return standard
    }

    private mutating func texts(_ members: [String: JSONValue], _ name: String, _ place: String) -> [String] {
        guard let value = members[name], value != .null else { return [] }
        let texts = value.arrayValue?.compactMap(\.stringValue)
        guard let texts, texts.count == value.arrayValue?.count else {
            problem("\(place).\(name)", "\"\(name)\" is a list of texts: [a, b].")
            return []
        }
        return texts
    }

    private mutating func reference(_ members: [String: JSONValue], _ name: String, _ place: String, setWith command: String) -> SecretReference? {
        guard let value = members[name], value != .null else { return nil }
        let reference = value.stringValue.flatMap(SecretReference.init)
        if reference == nil {
            problem("\(place).\(name)", "A secret stands here by reference only: env:NAME, file:/PATH or vault (set with `\(command)`).")
        }
        return reference
    }

    /// The secrets of a server or hook.
    mutating func secrets(_ members: [String: JSONValue], _ place: String, setWith command: String) -> [String: SecretReference] {
        let all = object(members, "secrets", place)
        var references: [String: SecretReference] = [:]
        for key in all.keys.sorted() { references[key] = reference(all, key, "\(place).secrets", setWith: command) }
        return references
    }
}
