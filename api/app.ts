// The application: plug-ins and routes in the order in which they take part. Without a socket, so that a test can inject.
// Class C. Invariants: every route is declared (SEC-RBAC); what is sent is what its schema says; a body is bounded.
import { fastify } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { RoleStatus } from '../contract/index.ts';
import type { ApiContext, App } from './context.ts';
import { addDocument } from './document.ts';
import { addJsonParser } from './json.ts';
import { bodyBytesMax, connectionsMax, requestWithinMs } from './limits.ts';
import { addAuthentication } from './plugins/authentication.ts';
import { addAuthorisation, type DeclaredRoute } from './plugins/authorisation.ts';
import { addErrorHandler } from './plugins/error-handler.ts';
import { addHeaders } from './plugins/headers.ts';
import { addAlertRoutes } from './routes/alerts.ts';
import { addAssignmentRoutes } from './routes/assignments.ts';
import { addConsoleRoutes } from './routes/console.ts';
import { addDeviceRoutes } from './routes/devices.ts';
import { addLiveRoutes } from './routes/live.ts';
import { addPatientRoutes } from './routes/patients.ts';
import { addReadingRoutes } from './routes/readings.ts';
import { addSessionRoutes } from './routes/session.ts';
import { addSystemRoutes } from './routes/system.ts';

export interface AppOptions {
  /** For the operator at the machine, behind the local socket; else for browsers. */
  readonly isLocal: boolean;
  readonly ownStatus: () => RoleStatus;
}

export interface BuiltApp {
  readonly app: App;
  readonly routes: readonly DeclaredRoute[];
}

/** Builds the application; it listens nowhere yet. */
export async function buildApp(context: ApiContext, { isLocal, ownStatus }: AppOptions): Promise<BuiltApp> {
  const { options, ports } = context;
  const app: App = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestWithinMs,
    // Open streams would keep a closing server waiting.
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    genReqId: () => `r-${Buffer.from(ports.random.bytes(8)).toString('hex')}`,
  }).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = connectionsMax;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  addErrorHandler(app, context);
  addHeaders(app, context, isLocal);
  addJsonParser(app);
  await addAuthentication(app, context, isLocal);
  await addDocument(app, options);
  const routes = addAuthorisation(app, context);
  addSessionRoutes(app, context);
  addPatientRoutes(app, context);
  addDeviceRoutes(app, context);
  addAssignmentRoutes(app, context);
  addReadingRoutes(app, context);
  addAlertRoutes(app, context);
  addLiveRoutes(app, context);
  addSystemRoutes(app, context, ownStatus);
  if (!isLocal && options.consoleFolder !== undefined) await addConsoleRoutes(app, options.consoleFolder);
  await app.ready();
  return { app, routes };
}
