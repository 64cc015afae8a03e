/// One type of event and its file.
struct EventType: Sendable {
    /// As it stands in file names and in the host's event store.
    let token: String
    let channel: String
    let title: String
    /// Whether the columns are known from the field; else they are our default.
    let isKnown: Bool
    /// Names in order; `$DEVICE` and `$CUSTOM` are places.
    let columns: [String]
    /// Our own number, which an account can replace: the field's numbers are not publicly known.
    let number: Int

    /// Columns that hold times beside those of the event itself.
    static func isTime(_ column: String) -> Bool { column.hasSuffix("_DT") }
}

/// The types of events, their tokens and columns, as data. An account can replace the columns and the numbers of each.
enum EventTypes {
    static let all: [EventType] = table.split(separator: "\n").enumerated().compactMap { index, line in
        let parts = line.split(separator: "|").map { part in String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
        guard parts.count == 5 else { return nil }
        let columns = parts[4].split(separator: " ").flatMap { groups[String($0)] ?? [String($0)] }
        return EventType(token: parts[0], channel: parts[1], title: parts[2], isKnown: parts[3] == "known", columns: columns, number: index + 1)
    }

    static func type(_ token: String) -> EventType? { byToken[token] }

    private static let byToken = Dictionary(uniqueKeysWithValues: all.map { ($0.token, $0) })

    /// The channels that have columns of the account's own.
    static let channels = ["email", "sms", "mms", "push", "audit"]

    private static let groups: [String: [String]] = {
        let seven = ["EVENT_TYPE_ID", "ACCOUNT_ID", "LIST_ID", "RIID", "CUSTOMER_ID", "EVENT_CAPTURED_DT", "EVENT_STORED_DT"]
        let nine = seven + ["CAMPAIGN_ID", "LAUNCH_ID"]
        let mail = [
            "EMAIL", "EMAIL_ISP", "EMAIL_FORMAT", "OFFER_SIGNATURE_ID", "DYNAMIC_CONTENT_SIGNATURE_ID", "MESSAGE_SIZE", "SEGMENT_INFO",
            "CONTACT_INFO",
        ]
        let offer = ["OFFER_NAME", "OFFER_NUMBER", "OFFER_CATEGORY", "OFFER_URL"]
        let order = ["ORDER_ID", "ORDER_TOTAL", "ORDER_QUANTITY"]
        let phone = ["EVENT_UUID"] + nine + ["PROGRAM_ID", "AGGREGATOR_ID", "COUNTRY_CODE", "MOBILE_CODE"]
        return [
            "$BASE7": seven, "$BASE9": nine, "$MAIL": mail, "$OFFER": offer, "$ORDER": order, "$PHONE": phone + ["MOBILE_NUMBER"],
            "$PUSH": ["EVENT_UUID"] + nine + ["PROGRAM_ID", "PUSH_ID", "USER_ID", "APP_ID"],
            "$DELIVERED": phone + [
                "MOBILE_NUMBER", "MOBILE_CHANNEL", "MOBILE_CARRIER", "SMS_SENT_UUID", "DELIVERED_FLAG", "AGGREGATOR_MESSAGE_ID",
                "AGGREGATOR_MESSAGE_SUBID",
                "AGGREGATOR_STATUS_CODE", "AGGREGATOR_STATUS_DESC",
            ],
            "$LAUNCH": [
                "ACCOUNT_ID", "LIST_ID", "EVENT_CAPTURED_DT", "EVENT_STORED_DT", "CAMPAIGN_ID", "LAUNCH_ID", "EXTERNAL_CAMPAIGN_ID", "SF_CAMPAIGN_ID",
                "CAMPAIGN_NAME", "LAUNCH_NAME", "LAUNCH_STATUS", "LAUNCH_TYPE", "LAUNCH_CHARSET", "PURPOSE", "SUBJECT", "DESCRIPTION",
                "PRODUCT_CATEGORY",
                "PRODUCT_TYPE", "MARKETING_STRATEGY", "MARKETING_PROGRAM", "LAUNCH_ERROR_CODE", "LAUNCH_STARTED_DT", "LAUNCH_COMPLETED_DT",
            ],
            "$MVT": [
                "PROGRAM_ID", "CAMPAIGN_ID", "STAGE_ID", "CAMPAIGN_VERSION_ID", "CAMPAIGN_VERSION_NAME", "TEST_START_DT", "TEST_END_DT",
                "WINNER_SELECTION_TYPE", "TEST_SUCCESS_METRIC", "IS_WINNER", "CAMPAIGN_VERSION_CONTENT",
            ],
        ]
    }()

    /// token | channel | title | known from the field, or ours | columns
    private static let table = """
        SENT | email | E-mail: Sent | known | $BASE9 $MAIL $CUSTOM
        FAIL | email | E-mail: Failed | known | $BASE9 $MAIL $CUSTOM REASON
        BOUNCE | email | E-mail: Bounced | known | $BASE9 EMAIL EMAIL_FORMAT BOUNCE_TYPE REASON REASON_CODE SUBJECT CONTACT_INFO
        CLICK | email | E-mail: Clicked | known | $BASE9 EMAIL_FORMAT $OFFER $CUSTOM $DEVICE
        OPEN | email | E-mail: Opened | known | $BASE9 EMAIL_FORMAT $DEVICE
        CONVERT | email | E-mail: Converted | known | $BASE9 SOURCE EMAIL_FORMAT $OFFER $ORDER $CUSTOM $DEVICE
        COMPLAINT | email | E-mail: Complained | known | $BASE9 EMAIL_FORMAT REASON EMAIL EMAIL_ISP COMPLAINER_EMAIL SPAM_TYPE CONTACT_INFO COMPLAINT_DT
        SKIPPED | email | E-mail: Skipped | known | $BASE9 $MAIL $CUSTOM REASON
        OPT_IN | email | E-mail: Opted In | known | $BASE9 EMAIL_FORMAT SOURCE REASON EMAIL
        OPT_OUT | email | E-mail: Opted Out | known | $BASE9 EMAIL_FORMAT SOURCE REASON EMAIL CONTACT_INFO
        SMS_CLICK | sms | SMS: Clicked | ours | $PHONE $OFFER $CUSTOM $DEVICE
        SMS_CONVERT | sms | SMS: Converted | ours | $PHONE SOURCE $OFFER $ORDER $CUSTOM $DEVICE
        SMS_FAIL | sms | SMS: Failed | ours | $PHONE MOBILE_CHANNEL MOBILE_CARRIER MSG_BODY FAILURE_REASON $CUSTOM
        SMS_DELIVERED | sms | SMS: Delivered | known | $DELIVERED
        SMS_RECEIVED | sms | SMS: Received | ours | $PHONE MOBILE_KEYWORD MOBILE_CHANNEL MOBILE_CARRIER MO_MSG
        SMS_SENT | sms | SMS: Sent | ours | $PHONE MOBILE_KEYWORD MOBILE_CHANNEL MOBILE_CARRIER MSG_SPLIT_COUNT MSG_BODY $CUSTOM
        SMS_SKIPPED | sms | SMS: Skipped | ours | $PHONE MOBILE_CHANNEL MOBILE_CARRIER FAILURE_REASON $CUSTOM
        SMS_MO_FW_SENT | sms | SMS: MO Forward Sent | ours | $PHONE MOBILE_KEYWORD MOBILE_CHANNEL REMOTE_ADDR MO_MSG
        SMS_MO_FW_FAILED | sms | SMS: MO Forward Failed | ours | $PHONE MOBILE_KEYWORD MOBILE_CHANNEL REMOTE_ADDR MO_MSG FAILURE_REASON
        SMS_OPT_IN | sms | SMS: Opted In | ours | $PHONE MOBILE_KEYWORD MOBILE_CHANNEL SOURCE
        SMS_OPT_OUT | sms | SMS: Opted Out | ours | $PHONE MOBILE_KEYWORD MOBILE_CHANNEL SOURCE
        MMS_SENT | mms | MMS: Sent | ours | $PHONE MOBILE_CHANNEL MOBILE_CARRIER MSG_BODY $CUSTOM
        MMS_FAILED | mms | MMS: Failed | ours | $PHONE MOBILE_CHANNEL MOBILE_CARRIER FAILURE_REASON $CUSTOM
        MMS_SKIPPED | mms | MMS: Skipped | ours | $PHONE MOBILE_CHANNEL MOBILE_CARRIER FAILURE_REASON $CUSTOM
        PUSH_SENT | push | Push: Sent | ours | $PUSH $CUSTOM
        PUSH_FAILED | push | Push: Failed | ours | $PUSH FAILURE_REASON $CUSTOM
        PUSH_OPENED | push | Push: Opened | ours | $PUSH $DEVICE
        PUSH_CONVERTED | push | Push: Converted | ours | $PUSH SOURCE $OFFER $ORDER $CUSTOM $DEVICE
        PUSH_SKIPPED | push | Push: Skipped | ours | $PUSH REASON $CUSTOM
        PUSH_BOUNCED | push | Push: Bounced | ours | $PUSH REASON
        PUSH_CLICKED | push | Push: Clicked | ours | $PUSH $OFFER $CUSTOM $DEVICE
        PUSH_UNINSTALL | push | Push: Uninstalled | ours | $PUSH
        PUSH_INBOX_SENT | push | Push: Message Center Sent | ours | $PUSH $CUSTOM
        FORM | audit | Audit: Form Viewed/Submitted | ours | $BASE9 FORM_ID FORM_NAME $CUSTOM
        FORM_STATE | audit | Audit: Form State | ours | ACCOUNT_ID LIST_ID EVENT_CAPTURED_DT EVENT_STORED_DT FORM_ID FORM_NAME FORM_STATUS
        PROGRAM | audit | Audit: Program Entered/Exited | known | $BASE7 PROGRAM_ID ENACTMENT_ID PROGRAM_NAME PROGRAM_VERSION DESCRIPTION
        PROGRAM_STATE | audit | Audit: Program State | ours | ACCOUNT_ID LIST_ID EVENT_CAPTURED_DT EVENT_STORED_DT PROGRAM_ID PROGRAM_NAME PROGRAM_DESCRIPTION PROGRAM_STATUS
        LAUNCH_STATE | audit | Audit: Launch State | known | $LAUNCH $CUSTOM
        DYNAMIC_CONTENT | audit | Audit: Dynamic Content | ours | ACCOUNT_ID LIST_ID EVENT_CAPTURED_DT EVENT_STORED_DT CAMPAIGN_ID LAUNCH_ID REGION_NAME RULE_NAME CONTENT_TYPE CONTENT SIGNATURE_ID SIGNATURE CONTENT_INDEX
        MVT | audit | Audit: Multivariate Test | known | $MVT
        HOLDOUT_GROUP | audit | Audit: Holdout Group | known | EVENT_TYPE_ID ACCOUNT_ID LIST_ID RIID CUSTOMER_ID $CUSTOM EVENT_CAPTURED_DT EVENT_STORED_DT PROGRAM_ID HOLDOUT_ID COMPARE_TO_CAMPAIGN_ID
        CUSTOM_EVENT | audit | Audit: Custom Event Raised by a Load | ours | $BASE7 EMAIL EVENT_NAME TABLE_NAME JOB_ID RUN_ID $CUSTOM
        """
}
