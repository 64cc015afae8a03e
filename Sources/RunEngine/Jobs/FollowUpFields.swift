public import ConnectModel

/// What shall follow a run, as fields that every kind of job shares (IMP-16, EXP-7, ORC-2). A kind takes the sets that it can keep.
public enum FollowUpFields {
    /// Who gets an e-mail, and when.
    public static let notification: [JobField] = [
        JobField(
            "options.notify.when", .choice(FollowUpOptions.When.allCases.map(\.rawValue)), default: .string("failure"), example: "always",
            "always: a mail after each run; failure: only after one that failed or was stopped; never: none. Nobody gets one whom `to` does not name."
        ),
        JobField(
            "options.notify.to", .strings, default: .array([]), example: "[ops@example.com, crm@example.com]",
            "Addresses; each gets a mail of its own (ACT-1)."),
        JobField(
            "options.notify.recovered", .boolean, default: .bool(false), example: "true",
            "Whether a run that succeeds after a failed one is told as well."),
    ]

    /// For jobs that wait for a file.
    public static let missingFile: [JobField] = [
        JobField(
            "options.notify.no_file_by", .string, example: "\"06:30\"",
            "A mail when no run of the job has taken a file by this time of day, in the job's time zone."),
        JobField(
            "options.notify.no_file_days", .choices(FollowUpOptions.weekdays), default: .array(FollowUpOptions.weekdays.map(JSONValue.string)),
            example: "[MON, TUE, WED, THU, FRI]", "Days on which that is asked."),
    ]

    /// The Connect event (ACT-2).
    public static let event: [JobField] = [
        JobField(
            "options.event.name", .string, example: "contacts-loaded", "Raises a Connect event of this name after success; `hooks` says who is told."),
        JobField(
            "options.event.with_records", .boolean, default: .bool(false), example: "true",
            "Raises it only when at least one record was loaded."),
    ]

    /// Campaigns (ACT-3).
    public static let launch: [JobField] = [
        JobField(
            "options.launch.campaigns", .strings, default: .array([]), example: "[Welcome, Spring sale]",
            "Campaigns to launch after success with at least one record loaded; never from a member of a group."),
        JobField(
            "options.launch.progress_to", .strings, default: .array([]), example: "[marketing@example.com]", "Who gets progress alerts of the launch."
        ),
        JobField(
            "options.launch.progress_every", .integer(minimum: 1, maximum: 1_000_000), example: "50000",
            "Messages between two progress alerts: 10000, 50000, 100000, 500000 or 1000000; left out: one alert at completion."),
        JobField(
            "options.launch.failure_to", .strings, default: .array([]), example: "[marketing@example.com]", "Who gets a mail when the launch fails."),
    ]

    /// Everything an import may have.
    public static let all = notification + missingFile + event + launch

    /// What the form of the fields cannot say, all at once. For a job's definition and for a group's.
    public static func problems(in definition: [String: JSONValue]) -> [Problem] {
        let options = definition["options"]
        return addressProblems(options) + notificationProblems(options?["notify"]) + eventProblems(options?["event"])
            + launchProblems(options?["launch"])
    }

    private static func addressProblems(_ options: JSONValue?) -> [Problem] {
        let places = [["notify", "to"], ["launch", "progress_to"], ["launch", "failure_to"]]
        return places.flatMap { place in
            let texts = options?[place[0]]?[place[1]]?.arrayValue?.compactMap(\.stringValue) ?? []
            return MailAddress.list(texts).compactMap { MailAddress.problem(with: $0) }.map {
                Problem(path: "options.\(place.joined(separator: "."))", message: $0)
            }
        }
    }

    private static func notificationProblems(_ notify: JSONValue?) -> [Problem] {
        var found: [Problem] = []
        let hasAddresses = !(notify?["to"]?.arrayValue ?? []).isEmpty
        let wantsMail =
            ["always", "failure"].contains(notify?["when"]?.stringValue) || notify?["recovered"]?.boolValue == true || notify?["no_file_by"] != nil
        if wantsMail, !hasAddresses {
            found.append(Problem(path: "options.notify.to", message: "Name at least one address in options.notify.to: who shall get the mail?"))
        }
        if let text = notify?["no_file_by"]?.stringValue, FollowUpOptions.minute(text) == nil {
            found.append(Problem(path: "options.notify.no_file_by", message: "\"\(text.prefix(40))\" is not a time of day; write it as \"06:30\"."))
        }
        return found
    }

    private static func eventProblems(_ event: JSONValue?) -> [Problem] {
        guard let event else { return [] }
        guard let name = event["name"]?.stringValue else {
            return event["with_records"]?.boolValue == true
                ? [Problem(path: "options.event.name", message: "Name the event in options.event.name.")] : []
        }
        return EventName.problem(with: name, what: "An event's name").map { [Problem(path: "options.event.name", message: $0)] } ?? []
    }

    private static func launchProblems(_ launch: JSONValue?) -> [Problem] {
        guard let launch else { return [] }
        var found: [Problem] = []
        let campaigns = launch["campaigns"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let alerts = ["progress_to", "failure_to"].contains { !(launch[$0]?.arrayValue ?? []).isEmpty } || launch["progress_every"] != nil
        if campaigns.isEmpty, alerts {
            found.append(
                Problem(
                    path: "options.launch.campaigns", message: "Name at least one campaign in options.launch.campaigns; alerts alone launch nothing.")
            )
        }
        for campaign in campaigns where campaign.isEmpty || campaign.count > 150 || campaign.unicodeScalars.contains(where: { $0.value < 0x20 }) {
            found.append(
                Problem(path: "options.launch.campaigns", message: "A campaign's name has 1 to 150 characters; \"\(campaign.prefix(40))\" is none."))
        }
        if Set(campaigns).count < campaigns.count {
            found.append(Problem(path: "options.launch.campaigns", message: "A campaign stands there twice; a run launches each once."))
        }
        if let every = launch["progress_every"]?.integerValue {
            if CampaignEndpoint.progressChunks[every] == nil {
                let steps = CampaignEndpoint.progressChunks.keys.sorted().map(String.init).joined(separator: ", ")
                found.append(
                    Problem(
                        path: "options.launch.progress_every", message: "Progress is told every so many messages: one of \(steps); \(every) is none.")
                )
            }
            if (launch["progress_to"]?.arrayValue ?? []).isEmpty {
                found.append(Problem(path: "options.launch.progress_to", message: "Name who gets the progress alerts in options.launch.progress_to."))
            }
        }
        return found
    }
}
