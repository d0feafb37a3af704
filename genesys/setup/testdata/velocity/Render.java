import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;

/**
 * Renders Velocity templates. Each line of standard input is one: words of Base64
 * with a space between them, first the template, then three for each value: the
 * object, its member, the value ("-" is null). An object without a member is the
 * value itself. Each is answered by one line, the result in Base64.
 */
public class Render {
    /** Stands in for the tool of the platform, which is not public. */
    public static class Escape {
        private final boolean ascii;

        Escape(boolean ascii) {
            this.ascii = ascii;
        }

        public String jsonString(String s) {
            StringBuilder b = new StringBuilder();
            for (char c : s.toCharArray()) {
                if (c == '"' || c == '\\' || (ascii && c == '/')) {
                    b.append('\\').append(c);
                } else if (c < ' ' || (ascii && c > '~')) {
                    b.append(String.format("\\u%04x", (int) c));
                } else {
                    b.append(c);
                }
            }
            return b.toString();
        }
    }

    public static void main(String[] args) throws Exception {
        VelocityEngine engine = new VelocityEngine();
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        engine.init();
        Escape escape = new Escape(args.length > 0 && args[0].equals("ascii"));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            VelocityContext context = new VelocityContext();
            context.put("esc", escape);
            for (int i = 1; i + 2 < words.length; i += 3) {
                String object = decode(words[i]);
                String member = decode(words[i + 1]);
                String value = words[i + 2].equals("-") ? null : decode(words[i + 2]);
                if (member.isEmpty()) {
                    context.put(object, value);
                    continue;
                }
                @SuppressWarnings("unchecked")
                Map<String, Object> members = (Map<String, Object>) context.get(object);
                if (members == null) {
                    members = new HashMap<>();
                    context.put(object, members);
                }
                members.put(member, value);
            }
            StringWriter out = new StringWriter();
            if (!engine.evaluate(context, out, "template", decode(words[0]))) {
                throw new IllegalStateException("not rendered");
            }
            System.out.println(Base64.getEncoder().encodeToString(out.toString().getBytes(StandardCharsets.UTF_8)));
        }
    }

    private static String decode(String word) {
        return new String(Base64.getDecoder().decode(word), StandardCharsets.UTF_8);
    }
}
