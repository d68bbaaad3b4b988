package io.tiltmeter.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The part of JSON Schema 2020-12 that our schema uses; a keyword it does not know fails the check. */
final class SchemaCheck {
    private static final Set<String> ANNOTATIONS = Set.of("$schema", "$id", "$defs", "title", "description");

    private final JsonNode root;
    private final List<String> violations = new ArrayList<>();

    private SchemaCheck(JsonNode root) {
        this.root = root;
    }

    static List<String> violations(JsonNode schema, JsonNode document) {
        SchemaCheck check = new SchemaCheck(schema);
        check.check(schema, document, "$");
        return check.violations;
    }

    private void check(JsonNode schema, JsonNode value, String at) {
        for (Iterator<Map.Entry<String, JsonNode>> keys = schema.fields(); keys.hasNext(); ) {
            Map.Entry<String, JsonNode> key = keys.next();
            keyword(schema, key.getKey(), key.getValue(), value, at);
        }
    }

    private void keyword(JsonNode schema, String keyword, JsonNode rule, JsonNode value, String at) {
        if (ANNOTATIONS.contains(keyword)) {
            return;
        }
        switch (keyword) {
            case "$ref" -> check(root.at(rule.asText().substring(1)), value, at);
            case "type" -> require(hasType(rule, value), at + " is not of type " + rule + ": " + value);
            case "const" -> require(rule.equals(value), at + " is not " + rule + ": " + value);
            case "enum" -> require(contains(rule, value), at + " is none of " + rule + ": " + value);
            case "minimum" -> require(value.asDouble() >= rule.asDouble(), at + " is below " + rule);
            case "pattern" -> require(value.asText().matches(rule.asText()), at + " does not match " + rule);
            case "required" -> rule.forEach(n -> require(value.has(n.asText()), at + " lacks " + n));
            case "properties" ->
                value.fieldNames().forEachRemaining(n -> {
                    if (rule.has(n)) {
                        check(rule.get(n), value.get(n), at + "." + n);
                    }
                });
            case "additionalProperties" ->
                value.fieldNames().forEachRemaining(n -> {
                    boolean declared = schema.path("properties").has(n);
                    if (rule.isObject() && !declared) {
                        check(rule, value.get(n), at + "." + n);
                    } else {
                        require(declared, at + " has undeclared " + n);
                    }
                });
            case "items" -> {
                for (int i = 0; i < value.size(); i++) {
                    check(rule, value.get(i), at + "[" + i + "]");
                }
            }
            case "anyOf" -> {
                boolean any = false;
                for (JsonNode option : rule) {
                    SchemaCheck attempt = new SchemaCheck(root);
                    attempt.check(option, value, at);
                    any |= attempt.violations.isEmpty();
                }
                require(any, at + " fits no alternative: " + value);
            }
            default -> violations.add("Schema keyword '" + keyword + "' is unknown to this check");
        }
    }

    private void require(boolean holds, String violation) {
        if (!holds) {
            violations.add(violation);
        }
    }

    private static boolean contains(JsonNode options, JsonNode value) {
        for (JsonNode option : options) {
            if (option.equals(value)) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasType(JsonNode types, JsonNode value) {
        if (types.isArray()) {
            for (JsonNode type : types) {
                if (hasType(type, value)) {
                    return true;
                }
            }
            return false;
        }
        return switch (types.asText()) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isTextual();
            case "number" -> value.isNumber();
            case "integer" -> value.isIntegralNumber();
            case "boolean" -> value.isBoolean();
            case "null" -> value.isNull();
            default -> false;
        };
    }
}
